import { kubectl } from './kubectl.ts';

/** How one attempt from inside the cluster ended: an HTTP answer, or why there was none. */
export interface Attempt {
  readonly url: string;
  readonly status?: number;
  readonly text?: string;
  readonly error?: string;
}

const SCRIPT = `
const [message, ...urls] = JSON.parse(process.argv[1]);
const headers = { 'Content-Type': 'application/json', Accept: 'application/json, text/event-stream', Connection: 'close' };
const attempt = async (url) => {
  try {
    const response = await fetch(url, { method: 'POST', headers, body: message, signal: AbortSignal.timeout(3000) });
    return { url, status: response.status, text: await response.text() };
  } catch (error) {
    return { url, error: String(error.cause?.code ?? error.message) };
  }
};
Promise.all(urls.map(attempt)).then((all) => console.log(JSON.stringify(all)));
`;

/** Posts one message to each URL from the namespace's client pod. */
export async function postFromPod(namespace: string, message: object, urls: readonly string[]): Promise<Attempt[]> {
  const argument = JSON.stringify([JSON.stringify(message), ...urls]);
  return JSON.parse(await kubectl(['exec', '-n', namespace, 'client', '--', '/usr/local/bin/node', '-e', SCRIPT, argument])) as Attempt[];
}

/** What a time of opening, using and closing sessions came to. */
export interface Churn {
  readonly opened: number;
  /** Answered with 503 by a cap. */
  readonly refused: number;
  /** Connections that broke, as those to a pod that goes do. */
  readonly broken: number;
}

// One agent for each worker: a session's requests go down the connection on which it was opened, so to the pod that has it.
const CHURN = `
const http = require('node:http');
const [url, workers, forMs] = JSON.parse(process.argv[1]);
const end = Date.now() + forMs;
const counts = { opened: 0, refused: 0, broken: 0 };
const base = { 'Content-Type': 'application/json', Accept: 'application/json, text/event-stream' };
const params = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'churn', version: '1' } };
const send = (agent, method, headers, message) => new Promise((resolve, reject) => {
  const request = http.request(url, { method, agent, headers: { ...base, ...headers }, timeout: 10000 }, (response) => {
    let text = '';
    response.on('data', (chunk) => { text += chunk; }).on('error', reject);
    response.on('end', () => resolve({ status: response.statusCode, id: response.headers['mcp-session-id'], text }));
  });
  request.on('error', reject).on('timeout', () => request.destroy(new Error('timeout')));
  request.end(message && JSON.stringify(message));
});
const work = async () => {
  while (Date.now() < end) {
    const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
    try {
      const opened = await send(agent, 'POST', {}, { jsonrpc: '2.0', id: 1, method: 'initialize', params });
      if (opened.status === 503 && opened.text.includes('-32000')) counts.refused += 1;
      if (opened.id !== undefined) {
        counts.opened += 1;
        const session = { 'Mcp-Session-Id': opened.id };
        await send(agent, 'POST', session, { jsonrpc: '2.0', id: 2, method: 'tools/list' });
        await send(agent, 'DELETE', session);
      }
    } catch { counts.broken += 1; }
    agent.destroy();
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
};
Promise.all(Array.from({ length: workers }, work)).then(() => console.log(JSON.stringify(counts)));
`;

/** Opens, uses and closes sessions from the namespace's client pod for a time. */
export async function churnFromPod(
  namespace: string,
  url: string,
  { workers, forMs }: { readonly workers: number; readonly forMs: number },
): Promise<Churn> {
  const argument = JSON.stringify([url, workers, forMs]);
  const options = { timeoutMs: forMs + 60_000 };
  return JSON.parse(
    await kubectl(['exec', '-n', namespace, 'client', '--', '/usr/local/bin/node', '-e', CHURN, argument], options),
  ) as Churn;
}
