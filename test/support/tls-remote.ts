import type { RequestListener } from 'node:http';
import { createServer, type ServerOptions } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';

export interface TlsRemote {
  readonly port: number;
  /** Targets of the requests that came. */
  readonly asked: string[];
  /** SNI of each connection whose handshake the server saw to its end, in order. */
  readonly serverNames: string[];
  /** Of each such connection. */
  readonly protocols: string[];
  readonly alpn: string[];
  /** Connections that are open now. */
  readonly open: ReadonlySet<Socket>;
  /** Other certificates, for connections from now on. */
  setCertificates(options: ServerOptions): void;
  close(): Promise<void>;
}

/** A real TLS server on loopback. */
export async function startTlsRemote(options: ServerOptions, listener: RequestListener): Promise<TlsRemote> {
  const asked: string[] = [];
  const serverNames: string[] = [];
  const protocols: string[] = [];
  const alpn: string[] = [];
  const open = new Set<Socket>();
  const server = createServer(options, (request, response) => {
    asked.push(request.url ?? '');
    listener(request, response);
  });
  server.on('secureConnection', (socket: TLSSocket) => {
    serverNames.push(socket.servername || '');
    protocols.push(socket.getProtocol() ?? '');
    alpn.push(socket.alpnProtocol || '');
  });
  server.on('connection', (socket: Socket) => {
    open.add(socket);
    socket.once('close', () => open.delete(socket)).on('error', () => undefined);
  });
  server.keepAliveTimeout = 60_000;
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    asked,
    serverNames,
    protocols,
    alpn,
    open,
    setCertificates: (changed) => server.setSecureContext(changed),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of open) socket.destroy();
      }),
  };
}
