/** Beyond these an apiserver may cut warnings (KEP-1693; AdmissionResponse.warnings: 256 characters each, 4096 in all). */
const MAX_LENGTH = 256;
const MAX_TOTAL_LENGTH = 4096;
const PREFIX = 'mcp-sluice: ';
const MORE = `${PREFIX}there are more warnings: "mcp-sluice lint" shows all`;

/** Warnings as clients get them whole: long ones continue in the next, and when there is no room the last one says so. */
export function fitWarnings(warnings: readonly string[]): string[] {
  const fitted: string[] = [];
  let total = 0;
  for (const part of warnings.flatMap(split)) {
    if (total + part.length > MAX_TOTAL_LENGTH - MORE.length) return [...fitted, MORE];
    fitted.push(part);
    total += part.length;
  }
  return fitted;
}

function split(warning: string): string[] {
  // A warning travels in a header (RFC 7234 §5.5): line ends and control characters cannot.
  let rest = warning.replace(/[\p{Cc}\p{Cs}\u2028\u2029]+/gu, ' ').trim();
  const name = rest.startsWith('mcp-sluice') ? '' : PREFIX;
  const parts: string[] = [];
  while (rest !== '') {
    const head = parts.length === 0 ? name : `${PREFIX}… `;
    const room = MAX_LENGTH - head.length;
    if (rest.length <= room) return [...parts, head + rest];
    const space = rest.lastIndexOf(' ', room);
    // A pair of surrogates is not torn apart.
    const end = space > room / 2 ? space : /[\uD800-\uDBFF]/.test(rest[room - 1] ?? '') ? room - 1 : room;
    parts.push(head + rest.slice(0, end));
    rest = rest.slice(end).trimStart();
  }
  return parts;
}
