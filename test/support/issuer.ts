import type { RequestListener } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { JWTPayload } from 'jose';
import { makeCertificates, type TestCertificates } from './redis-tls.ts';
import { keySetText, makeKey, type SigningKey, sign } from './tokens.ts';

export interface TestIssuer {
  /** `https://localhost:port`, the issuer's name and its address. */
  readonly url: string;
  readonly port: number;
  /** PEM of the CA that signed its certificate. */
  readonly ca: string;
  /** Paths asked for. */
  readonly asked: string[];
  /** Signs with the newest key. */
  token(claims?: JWTPayload | object, header?: object): Promise<string>;
  /** Signs with another key from now on, which is published beside the former ones. */
  rotate(kid: string): Promise<void>;
  /** Answers like this from now on. */
  answer(listener: RequestListener | undefined): void;
  /** Refuses connections until `open`. */
  close(): Promise<void>;
  open(): Promise<void>;
}

export const TEST_AUDIENCE = 'https://mcp.test';

/** An issuer over real TLS at a free port; its key set is at /keys. */
export async function startIssuer(certificates: TestCertificates = makeCertificates()): Promise<TestIssuer> {
  const keys: SigningKey[] = [await makeKey('ES256', 'first')];
  const asked: string[] = [];
  let listener: RequestListener | undefined;
  let server: Server;
  let port = 0;
  const serve: RequestListener = (request, response) => {
    asked.push(request.url ?? '');
    if (listener !== undefined) {
      listener(request, response);
      return;
    }
    const metadata = { issuer: `https://localhost:${port}`, jwks_uri: `https://localhost:${port}/keys` };
    const bodies: Record<string, string> = {
      '/keys': keySetText(...keys.map(({ jwk }) => jwk)),
      '/.well-known/openid-configuration': JSON.stringify(metadata),
    };
    const body = bodies[request.url ?? ''];
    response.writeHead(body === undefined ? 404 : 200, { 'content-type': 'application/json' }).end(body);
  };
  const open = async () => {
    server = createServer({ cert: certificates.certificate, key: certificates.key }, serve);
    server.on('tlsClientError', () => undefined);
    await new Promise<void>((resolve) => void server.listen(port, '127.0.0.1', resolve));
    port = (server.address() as AddressInfo).port;
  };
  await open();
  return {
    url: `https://localhost:${port}`,
    port,
    ca: certificates.ca,
    asked,
    token: (claims = {}, header = {}) =>
      sign(keys.at(-1) as SigningKey, { iss: `https://localhost:${port}`, aud: TEST_AUDIENCE, ...claims }, header, Date.now()),
    async rotate(kid) {
      keys.push(await makeKey('ES256', kid));
    },
    answer(next) {
      listener = next;
    },
    open,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
