import { afterAll, afterEach, beforeAll } from 'vitest';
import { type SessionClient, sessionClient } from './session-client.ts';
import { type SessionServer, startSessionServer } from './session-server.ts';
import { startTestSidecar, type TestSidecar } from './test-sidecar.ts';
import { until } from './until-true.ts';

/** Whom the header `X-User` names. */
export const headerIdentity = '{header: {name: X-User, from: [127.0.0.0/8]}}';

export interface Gated {
  readonly server: SessionServer;
  readonly sidecar: TestSidecar;
  readonly client: SessionClient;
  /** Starts the sidecar of this test. */
  start(annotations: Readonly<Record<string, string>>): Promise<void>;
  /** Opens a session, which has to succeed. */
  open(user?: string): Promise<string>;
  /** Sessions that the sidecar counts. */
  held(): Promise<number>;
  /** Resolves once nothing is under way. */
  quiet(): Promise<void>;
  anomalies(): Promise<number>;
}

/** A server with sessions for all tests of a file, and behind it a sidecar for each. */
export function gated(): Gated {
  let server: SessionServer;
  let sidecar: TestSidecar;
  beforeAll(async () => {
    server = await startSessionServer();
  });
  afterAll(() => server.close());
  afterEach(async () => {
    await sidecar.close();
    server.override = () => false;
    server.live.clear();
    server.deleted.length = 0;
    server.received.length = 0;
  });
  const own: Gated = {
    get server() {
      return server;
    },
    get sidecar() {
      return sidecar;
    },
    get client() {
      return sessionClient(sidecar.url);
    },
    async start(annotations) {
      sidecar = await startTestSidecar({
        upstream: server.url,
        annotations: { identity: headerIdentity, rejection: 'http', ...annotations },
      });
      await sidecar.ready();
    },
    async open(user) {
      const { session, text } = await own.client.initialize(user === undefined ? {} : { user });
      if (session === undefined) throw new Error(`no session: ${text}`);
      return session;
    },
    held: () => sidecar.metric('mcp_sluice_sessions'),
    quiet: () => until(async () => (await sidecar.metric('mcp_sluice_in_flight_requests')) === 0),
    anomalies: () => sidecar.metric('mcp_sluice_session_anomalies_total{mode="enforce"}'),
  };
  return own;
}
