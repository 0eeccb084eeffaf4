export type Token =
  | { readonly kind: 'name' | 'text' | 'mark'; readonly text: string }
  | { readonly kind: 'number'; readonly text: string; readonly value: number }
  | { readonly kind: 'end'; readonly text: '' };

/** An expression that this reader does not know, or one that fails; never a wrong answer. */
export class CelError extends Error {}

/** What an apiserver would meet as well: of all errors the one that is certain to be no lack of this reader's. */
export class NoSuchKey extends CelError {
  constructor(key: unknown) {
    super(`no such key: ${String(key)}`);
  }
}

const PATTERN =
  /\s*(?:\/\/[^\n]*\n?|([A-Za-z_][A-Za-z0-9_]*)|([0-9]+(?:\.[0-9]+)?)(?![A-Za-z0-9_.])|('(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*")|(\|\||&&|==|!=|<=|>=|\.\?|\[\?|[-+*/%<>!?:.,()[\]{}]))/y;
const ESCAPES: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r', '\\': '\\', "'": "'", '"': '"', '`': '`', '?': '?' };

/** The words of a CEL expression (github.com/google/cel-spec, "Syntax"). @throws CelError for what is not among ours. */
export function tokenize(expression: string): Token[] {
  const tokens: Token[] = [];
  const source = expression.trimEnd();
  PATTERN.lastIndex = 0;
  while (PATTERN.lastIndex < source.length) {
    const at = PATTERN.lastIndex;
    const [whole, name, number, quoted, mark] = PATTERN.exec(source) ?? [];
    if (whole === undefined || whole === '') throw new CelError(`not understood: ${source.slice(at, at + 20).trim()}`);
    if (name !== undefined) tokens.push({ kind: 'name', text: name });
    else if (number !== undefined) tokens.push({ kind: 'number', text: number, value: Number(number) });
    else if (quoted !== undefined) tokens.push({ kind: 'text', text: unquote(quoted) });
    else if (mark !== undefined) tokens.push({ kind: 'mark', text: mark });
  }
  return [...tokens, { kind: 'end', text: '' }];
}

function unquote(quoted: string): string {
  return quoted.slice(1, -1).replace(/\\(.)/g, (_, letter: string) => {
    const meant = ESCAPES[letter];
    if (meant === undefined) throw new CelError(`escape \\${letter} is not understood`);
    return meant;
  });
}
