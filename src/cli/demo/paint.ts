/** Colours where a terminal shows them; plain text elsewhere. */
export interface Paint {
  title(text: string): string;
  dim(text: string): string;
  good(text: string): string;
  bad(text: string): string;
  key(text: string): string;
}

const plain = (text: string): string => text;
const coloured =
  (code: number) =>
  (text: string): string =>
    // Line by line, so that a pager that cuts lines keeps the colours apart.
    text.replace(/^.+$/gm, (line) => `\u001b[${code}m${line}\u001b[0m`);

/** https://no-color.org: any value of `NO_COLOR` but the empty one switches colours off; `FORCE_COLOR` on, also in a pipe. */
export function createPaint(terminal: { readonly isTTY: boolean; readonly env: Readonly<Record<string, string | undefined>> }): Paint {
  const { NO_COLOR, FORCE_COLOR, TERM } = terminal.env as Readonly<
    Partial<Record<string, string>> & { NO_COLOR?: string; FORCE_COLOR?: string; TERM?: string }
  >;
  const isForced = Boolean(FORCE_COLOR) && FORCE_COLOR !== '0';
  const isColoured = !NO_COLOR && (isForced || (terminal.isTTY && TERM !== 'dumb'));
  if (!isColoured) return { title: plain, dim: plain, good: plain, bad: plain, key: plain };
  return { title: coloured(1), dim: coloured(2), good: coloured(32), bad: coloured(31), key: coloured(36) };
}
