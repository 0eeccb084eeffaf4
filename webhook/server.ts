import type { RequestListener } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { KeyPair } from './certificate.ts';

/** Longer than the 90 s after which Go's client closes idle connections, so that it is never we who do, into a request. */
const KEEP_ALIVE_MS = 120_000;
const HEADERS_MS = 5000;
const REQUEST_MS = 10_000;
const MAX_CONNECTIONS = 2000;

export interface WebhookServer {
  readonly address: AddressInfo;
  /** Has new connections greeted with this certificate; those there are go on. */
  serve(certificate: KeyPair): void;
  /** From now on every answer asks its connection to go elsewhere. */
  startDraining(): void;
  /** Stops taking connections and waits for answers under way, at most `timeoutMs`. */
  close(timeoutMs: number): Promise<void>;
}

export interface ServerOptions {
  /** Undefined: all addresses of both families. */
  readonly host?: string;
  readonly port: number;
  readonly certificate: KeyPair;
  readonly handler: RequestListener;
}

const secureContext = ({ certificate, key }: KeyPair) => ({ cert: certificate, key, minVersion: 'TLSv1.2' }) as const;

/** @throws when the address cannot be listened on. */
export async function startServer({ host, port, certificate, handler }: ServerOptions): Promise<WebhookServer> {
  let isDraining = false;
  const timeouts = { keepAliveTimeout: KEEP_ALIVE_MS, headersTimeout: HEADERS_MS, requestTimeout: REQUEST_MS };
  const server: Server = createServer({ ...secureContext(certificate), ...timeouts }, (request, response) => {
    if (isDraining) response.setHeader('Connection', 'close');
    handler(request, response);
  });
  server.maxConnections = MAX_CONNECTIONS;
  // Port scanners and half-open handshakes are no news.
  server.on('tlsClientError', (_error, socket) => socket.destroy());
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen({ port, ...(host !== undefined && { host }) }, () => {
      server.off('error', reject);
      resolve();
    });
  });
  return {
    address: server.address() as AddressInfo,
    serve: (renewed) => server.setSecureContext(secureContext(renewed)),
    startDraining() {
      isDraining = true;
    },
    async close(timeoutMs) {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeIdleConnections();
      const timer = setTimeout(() => server.closeAllConnections(), timeoutMs);
      await closed;
      clearTimeout(timer);
    },
  };
}
