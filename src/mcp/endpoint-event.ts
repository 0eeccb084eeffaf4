import { type MessageAddress, readEndpoint } from './message-address.ts';

/** What one block of a stream, up to and with its empty line, is. */
export type Block =
  /** Nothing that a client would hear: comments, `retry`, `id`. */
  | { readonly kind: 'silent' }
  | { readonly kind: 'event' }
  /** The `endpoint` event: where messages go, and the bytes that the client gets in its place. */
  | { readonly kind: 'endpoint'; readonly address: MessageAddress; readonly bytes: Uint8Array };

const BOM = '\u00ef\u00bb\u00bf';

/** Reads a block of the stream at `streamTarget` (WHATWG HTML §9.2.6); `read` says where the data of an `endpoint` event lead. */
export function readBlock(bytes: Uint8Array, streamTarget: string, read: typeof readEndpoint = readEndpoint): Block {
  // Latin-1 keeps every byte, so that what is not rewritten comes out as it went in.
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
  const lines = text.match(/[^\r\n]*(?:\r\n|\r|\n)/g) ?? [];
  let type = '';
  const data: string[] = [];
  for (const [index, line] of lines.entries()) {
    const { name, value } = fieldOf(index === 0 && line.startsWith(BOM) ? line.slice(BOM.length) : line);
    if (name === 'event') type = value;
    else if (name === 'data') data.push(value);
  }
  if (data.length === 0) return { kind: 'silent' };
  if (type !== 'endpoint') return { kind: 'event' };
  const address = read(Buffer.from(data.join('\n'), 'latin1').toString(), streamTarget);
  if (address === undefined) return { kind: 'event' };
  const isKept = Buffer.from(address.reference).toString('latin1') === data.join('\n');
  return { kind: 'endpoint', address, bytes: isKept ? bytes : Buffer.from(withData(lines, address.reference), 'latin1') };
}

function fieldOf(line: string): { name: string; value: string } {
  const content = line.replace(/[\r\n]+$/, '');
  const colon = content.indexOf(':');
  if (colon < 0) return { name: content, value: '' };
  return { name: content.slice(0, colon), value: content.slice(colon + 1).replace(/^ /, '') };
}

/** The lines with that data in place of theirs. */
function withData(lines: readonly string[], data: string): string {
  let isSaid = false;
  return lines
    .map((line) => {
      if (fieldOf(line).name !== 'data') return line;
      if (isSaid) return '';
      isSaid = true;
      return `data: ${Buffer.from(data).toString('latin1')}${/[\r\n]+$/.exec(line)?.[0] ?? '\n'}`;
    })
    .join('');
}
