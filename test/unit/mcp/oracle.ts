import fc from 'fast-check';

/** What a JSON text does that JSON.parse forgives and the scan must not. Written apart from the scan, on purpose. */
export interface Findings {
  readonly hasEqualKeys: boolean;
  readonly depth: number;
  readonly hasLoneSurrogate: boolean;
}

function foldSlowly(key: string): string {
  return [...key]
    .map((char) => (char === '\u017f' ? 's' : char === '\u212a' ? 'k' : char >= 'A' && char <= 'Z' ? char.toLowerCase() : char))
    .join('')
    .replace(/\0+$/, '');
}

/** Looks through a text that JSON.parse accepts, by splitting it into tokens. */
export function inspect(text: string): Findings {
  const tokens = text.match(/"(?:[^"\\]|\\.)*"|[{}[\]:,]/gs) ?? [];
  const open: (Set<string> | undefined)[] = [];
  let hasEqualKeys = false;
  let hasLoneSurrogate = false;
  let depth = 0;
  tokens.forEach((token, index) => {
    if (token === '{' || token === '[') depth = Math.max(depth, open.push(token === '{' ? new Set() : undefined));
    else if (token === '}' || token === ']') open.pop();
    else if (token.startsWith('"')) {
      const value: string = JSON.parse(token);
      hasLoneSurrogate ||= !value.isWellFormed();
      if (tokens[index + 1] !== ':') return;
      const keys = open.at(-1);
      const folded = foldSlowly(value);
      hasEqualKeys ||= keys?.has(folded) ?? false;
      keys?.add(folded);
    }
  });
  return { hasEqualKeys, depth, hasLoneSurrogate };
}

/** Any code point but surrogates, ASCII half of the time. fast-check's own `binary` unit takes seconds to set up. */
export const anyChar = fc
  .oneof(
    { weight: 2, arbitrary: fc.integer({ min: 0, max: 0x7f }) },
    fc.integer({ min: 0x80, max: 0xd7ff }),
    fc.integer({ min: 0xe000, max: 0x10ffff }),
  )
  .map((point) => String.fromCodePoint(point));

/** What JSON.parse makes of a text; `undefined` for a text that it refuses. */
export function parsed(text: string): { readonly value: unknown } | undefined {
  try {
    return { value: JSON.parse(text) };
  } catch {
    return undefined;
  }
}
