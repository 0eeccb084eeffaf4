/** One event of a stream, as far as it bears on whether a call was answered. */
export interface ServerEvent {
  /** Its `id:`, by which a client resumes after it. */
  readonly id: string | undefined;
  readonly data: string;
}

/** Reads one block of a stream, with or without its empty line (WHATWG HTML §9.2.6). */
export function readEvent(block: string): ServerEvent {
  let id: string | undefined;
  const data: string[] = [];
  for (const line of block.split(/\r\n|\r|\n/)) {
    const colon = line.indexOf(':');
    const name = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? '' : line.slice(colon + 1).replace(/^ /, '');
    if (name === 'data') data.push(value);
    else if (name === 'id' && !value.includes('\0')) id = value;
  }
  return { id, data: data.join('\n') };
}

/** The blocks of a piece of a stream; a last one without its empty line is none. */
export function blocksOf(text: string): readonly string[] {
  return text.split(/\r\n\r\n|\n\n|\r\r/).slice(0, -1);
}

/** The id that a message answers, in one spelling; undefined for what is no response. */
export function answeredId(data: string): string | undefined {
  if (!data.includes('"result"') && !data.includes('"error"')) return undefined;
  try {
    const message = JSON.parse(data) as unknown;
    if (typeof message !== 'object' || message === null || 'method' in message || !('id' in message)) return undefined;
    return 'result' in message || 'error' in message ? JSON.stringify(message.id) : undefined;
  } catch {
    return undefined;
  }
}

/** The JSON text of an id in that spelling. */
export function normalId(id: string): string {
  return JSON.stringify(JSON.parse(id));
}
