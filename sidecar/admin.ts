import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { boundConnections } from './admin-crowd.ts';
import type { AskApp } from './app-probes.ts';
import type { Metrics } from './metrics.ts';

/** A probe is one small packet: whoever takes longer to ask, or to take what is answered, only occupies a connection. */
const ASK_WITHIN_MS = 5_000;
const TAKE_WITHIN_MS = 10_000;
const CHECK_TIMEOUTS_MS = 1_000;

/** What stands between this sidecar and traffic. A check that holds has no reason. */
export interface Check {
  readonly name: string;
  readonly isHeld: boolean;
  readonly reason?: string | undefined;
  /** Told, and of no consequence to the probe. */
  readonly isAdvisory?: boolean;
  /** What is to be known although it holds. */
  readonly notes?: readonly string[];
}

export interface AdminDeps {
  /** Configuration loaded, ports held. */
  readonly startup: () => readonly Check[];
  /** What startup asks, and Redis, the upstream and the drain. */
  readonly readiness: () => readonly Check[];
  readonly metrics: Metrics;
  /** What kubelets would have asked the app itself. */
  readonly askApp: AskApp;
}

/**
 * Probes and metrics, and nothing else: in a pod the whole cluster can reach this
 * port (contract §9.12), and no one who does so may keep a kubelet out.
 */
export function createAdmin(deps: AdminDeps): Server {
  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    request.resume();
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      send(response, 405, 'text/plain', 'GET only\n');
      return;
    }
    const path = request.url?.split('?')[0] ?? '';
    switch (path) {
      // That this is answered at all says that the event loop turns.
      case '/healthz':
        send(response, 200, 'text/plain', 'ok\n');
        return;
      case '/startupz':
        sendChecks(response, 'started', deps.startup());
        return;
      case '/readyz':
        sendChecks(response, 'ready', deps.readiness());
        return;
      case '/metrics':
        send(response, 200, deps.metrics.registry.contentType, await deps.metrics.registry.metrics());
        return;
      default: {
        const verdict = await deps.askApp(path, request.headers['user-agent']);
        if (verdict === undefined) send(response, 404, 'text/plain', 'not found\n');
        else if (verdict.problem === undefined) send(response, 200, 'text/plain', 'ok\n');
        else if (verdict.isHook) response.destroy();
        else send(response, 503, 'text/plain', `${verdict.problem}\n`);
      }
    }
  }
  const server = createServer({
    headersTimeout: ASK_WITHIN_MS,
    requestTimeout: ASK_WITHIN_MS,
    connectionsCheckingInterval: CHECK_TIMEOUTS_MS,
  });
  // Before the answers, which it may forestall.
  boundConnections(server);
  server.on('request', (request, response) => {
    if (!request.socket.destroyed) answer(request, response).catch(() => response.destroy());
  });
  return server;
}

function sendChecks(response: ServerResponse, word: string, checks: readonly Check[]): void {
  const isHeld = checks.every((check) => check.isHeld || check.isAdvisory);
  const detail = Object.fromEntries(
    checks.map(({ name, isHeld, reason, notes = [] }) => [name, [isHeld ? 'ok' : (reason ?? 'not ok'), ...notes].join('; ')]),
  );
  send(response, isHeld ? 200 : 503, 'application/json', `${JSON.stringify({ [word]: isHeld, checks: detail })}\n`);
}

function send(response: ServerResponse, status: number, type: string, body: string): void {
  response.setTimeout(TAKE_WITHIN_MS);
  // One answer a connection: new ones are taken one by one, and whoever asked on and on by those he has would have probes wait.
  const headers = { 'cache-control': 'no-store', connection: 'close' };
  response.writeHead(status, { 'content-type': type, 'content-length': Buffer.byteLength(body), ...headers });
  response.end(body);
}
