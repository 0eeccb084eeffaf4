import { connect, type Socket } from 'node:net';

export interface RawAnswer {
  readonly status: number;
  /** Names in lower case; of several lines the last. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** Everything received. */
  readonly text: string;
  /** The code of the error that ended the connection. */
  readonly error: string | undefined;
}

/** Sends bytes as they are and reads until the other side closes, or says nothing for a while. */
export function sendRaw(port: number, bytes: string | Buffer, options: { readonly quietMs?: number } = {}): Promise<RawAnswer> {
  return new Promise((resolve, reject) => {
    const socket: Socket = connect(port, '127.0.0.1');
    let text = '';
    let quiet: NodeJS.Timeout | undefined;
    let code: string | undefined;
    const settle = () => {
      clearTimeout(quiet);
      socket.destroy();
      resolve({ ...parse(text), error: code });
    };
    socket.on('data', (chunk: Buffer) => {
      text += chunk.toString('latin1');
      clearTimeout(quiet);
      quiet = setTimeout(settle, options.quietMs ?? 150);
    });
    socket.once('close', settle);
    socket.once('error', (error: NodeJS.ErrnoException) => {
      code = error.code;
      if (text === '') reject(error);
    });
    socket.write(bytes);
  });
}

function parse(text: string): Omit<RawAnswer, 'error'> {
  const [head = '', ...rest] = text.split('\r\n\r\n');
  const [statusLine = '', ...lines] = head.split('\r\n');
  return {
    status: Number(statusLine.split(' ')[1] ?? 0),
    headers: Object.fromEntries(
      lines.map((line) => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 1).trim()]),
    ),
    body: rest.join('\r\n\r\n'),
    text,
  };
}

/** A request as text; `Host` and `Content-Length` are put in where not given. */
export function rawRequest(parts: {
  readonly method?: string;
  readonly target?: string;
  readonly headers?: readonly string[];
  readonly body?: string;
}): string {
  const { method = 'POST', target = '/mcp', headers = [], body = '' } = parts;
  const has = (name: string) => headers.some((line) => line.toLowerCase().startsWith(`${name}:`));
  const lines = [
    ...(has('host') ? [] : ['Host: localhost']),
    ...(body === '' || has('content-length') || has('transfer-encoding') ? [] : [`Content-Length: ${Buffer.byteLength(body)}`]),
    ...headers,
  ];
  return `${method} ${target} HTTP/1.1\r\n${lines.map((line) => `${line}\r\n`).join('')}\r\n${body}`;
}

/** A sound `tools/call`. */
export const toolCall = (tool: string, id: number | string = 1): string =>
  JSON.stringify({ jsonrpc: '2.0', id, method: 'tools/call', params: { name: tool, arguments: {} } });
