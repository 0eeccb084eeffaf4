import { createServer, type IncomingMessage, request } from 'node:http';
import type { AddressInfo } from 'node:net';

/** One POST that came through the sidecar to the server. */
export interface Recorded {
  readonly method: string;
  readonly sessionId: string | undefined;
}

export interface Recorder {
  readonly url: string;
  readonly posts: readonly Recorded[];
  close(): void;
}

/** Stands between the sidecar and a real server, changes nothing and writes down what is asked. */
export async function startRecorder(upstream: string): Promise<Recorder> {
  const { hostname, port } = new URL(upstream);
  const posts: Recorded[] = [];
  const server = createServer((asked, answer) => {
    const onward = request({ hostname, port, path: asked.url, method: asked.method, headers: asked.headers }, (answered) => {
      answer.writeHead(answered.statusCode ?? 502, answered.headers);
      answer.flushHeaders();
      answered.pipe(answer);
    });
    onward.on('error', () => answer.destroy());
    answer.on('close', () => onward.destroy());
    void bodyOf(asked).then((body) => {
      if (asked.method === 'POST') posts.push(record(asked, body));
      onward.end(body);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    posts,
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}

async function bodyOf(asked: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of asked) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

function record(asked: IncomingMessage, body: Buffer): Recorded {
  const { method } = JSON.parse(body.toString()) as { method?: string };
  const sessionId = asked.headers['mcp-session-id'];
  return {
    method: method ?? '(response)',
    sessionId: typeof sessionId === 'string' ? sessionId : undefined,
  };
}
