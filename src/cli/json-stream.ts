/**
 * The objects of a text that is one JSON object after another with nothing but space between them, as kubectl takes it
 * too (`YAMLOrJSONDecoder` of k8s.io/apimachinery): each with the space behind it. Undefined for any other text, and for
 * one object alone, which YAML has as well.
 */
export function splitJson(text: string): string[] | undefined {
  const head = /^\uFEFF?\s*/.exec(text)?.[0].length ?? 0;
  if (text[head] !== '{') return undefined;
  const starts = topLevel(text, head);
  if (starts.length < 2) return undefined;
  const parts = starts.map((start, index) => text.slice(index === 0 ? 0 : start, starts[index + 1]));
  return parts.every(isJson) ? parts : undefined;
}

/** Where the objects begin that are in no other. */
function topLevel(text: string, head: number): number[] {
  const starts: number[] = [];
  // By hand: an expression for whole texts in quotes takes a stack as long as they are.
  const token = /["{}]/g;
  token.lastIndex = head;
  let depth = 0;
  for (let found = token.exec(text); found !== null; found = token.exec(text)) {
    if (found[0] === '"') token.lastIndex = endOfText(text, found.index);
    else if (found[0] === '}') depth--;
    else if (depth++ === 0) starts.push(found.index);
  }
  return starts;
}

/** Behind the quote that ends the text that begins here. */
function endOfText(text: string, start: number): number {
  let end = text.indexOf('"', start + 1);
  while (end !== -1 && isEscaped(text, end)) end = text.indexOf('"', end + 1);
  return end === -1 ? text.length : end + 1;
}

function isEscaped(text: string, position: number): boolean {
  let slashes = 0;
  while (text[position - 1 - slashes] === '\\') slashes++;
  return slashes % 2 === 1;
}

/** True for one JSON value, with a byte order mark before it at most. */
export function isJson(text: string): boolean {
  try {
    JSON.parse(text.replace(/^\uFEFF/, ''));
    return true;
  } catch {
    return false;
  }
}
