import { request as httpRequest, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer, type ServerOptions } from 'node:https';
import type { AddressInfo } from 'node:net';

export interface TlsFront {
  readonly port: number;
  close(): Promise<void>;
}

/** TLS before a server that has none. It is asked by its own name, as an ingress does: on loopback servers take no other. */
export async function startTlsFront(upstream: string, tls: Pick<ServerOptions, 'cert' | 'key'>): Promise<TlsFront> {
  const { host, hostname, port } = new URL(upstream);
  function pass(request: IncomingMessage, response: ServerResponse): void {
    const { method, url: path, headers } = request;
    const asked = httpRequest({ hostname, port, method, path, headers: { ...headers, host } }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.rawHeaders);
      response.flushHeaders();
      answer.on('error', () => response.destroy()).pipe(response);
    });
    asked.on('error', () => response.destroy());
    response.on('error', () => asked.destroy()).once('close', () => asked.destroy());
    request.on('error', () => asked.destroy()).pipe(asked);
  }
  const server = createServer(tls, pass);
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
