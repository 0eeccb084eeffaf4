import { connect } from 'node:net';

/** A request as bytes; what is not given is that of an honest client. */
export interface HostileRequest {
  readonly method?: string;
  /** Where absent, the server's MCP path. */
  readonly target?: string;
  readonly headers?: readonly string[];
  readonly body?: string | Buffer;
  /** Sent in place of all else. */
  readonly raw?: string | Buffer;
}

/** An answer as bytes, and the status of its first response. */
export interface HostileAnswer {
  readonly status: number;
  readonly text: string;
}

const honest: readonly (readonly [name: string, line: string])[] = [
  ['host', 'Host: 127.0.0.1'],
  ['connection', 'Connection: close'],
  ['accept', 'Accept: application/json, text/event-stream'],
  ['content-type', 'Content-Type: application/json'],
];

/** The bytes of a request; a header that is given as `name:` alone is left away. */
export function bytesOfRequest({ method = 'POST', target = '/', headers = [], body = '', raw }: HostileRequest): Buffer {
  if (raw !== undefined) return Buffer.from(raw);
  const bytes = Buffer.from(body);
  const has = (name: string) => headers.some((line) => line.toLowerCase().startsWith(`${name}:`));
  const isFramed = has('content-length') || has('transfer-encoding') || (bytes.length === 0 && method !== 'POST');
  const lines = [
    ...honest.filter(([name]) => !has(name)).map(([, line]) => line),
    ...headers.filter((line) => !/^[^:]+:$/.test(line)),
    ...(isFramed ? [] : [`Content-Length: ${bytes.length}`]),
  ];
  return Buffer.concat([
    Buffer.from(`${method} ${target} HTTP/1.1\r\n${lines.map((line) => `${line}\r\n`).join('')}\r\n`, 'latin1'),
    bytes,
  ]);
}

/** Sends pieces one after the other and reads until the other side closes, or says nothing for 3 s. */
export function exchange(
  port: number,
  pieces: readonly Buffer[],
  options: { readonly isHalfClosed?: boolean; readonly endsAtLastChunk?: boolean } = {},
): Promise<HostileAnswer> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.setNoDelay(true);
    let text = '';
    socket.on('data', (chunk: Buffer) => {
      text += chunk.toString('latin1');
      // server-everything says keep-alive, whatever it was asked.
      if (options.endsAtLastChunk && text.endsWith('\r\n0\r\n\r\n')) socket.destroy();
    });
    socket.on('error', () => undefined);
    // Whoever holds the connection open has nothing more to say.
    socket.setTimeout(3_000, () => socket.destroy());
    socket.once('close', () => resolve({ status: Number(/^HTTP\/1\.1 (?:1\d\d[\s\S]*?HTTP\/1\.1 )?(\d+)/.exec(text)?.[1] ?? 0), text }));
    const send = (index: number): void => {
      const piece = pieces[index];
      if (piece === undefined) {
        if (options.isHalfClosed) socket.end();
      } else socket.write(piece, () => setImmediate(send, index + 1));
    };
    socket.once('connect', () => send(0));
  });
}
