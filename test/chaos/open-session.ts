import { type Answer, post, toolCall } from '../e2e/mcp-client.ts';
import { until } from '../e2e/until.ts';

export interface Session {
  /** Calls a tool within the session, on a connection of its own, until Redis has decided; throws where 200 brings no result. */
  call(): Promise<Answer>;
  /** Calls until the limit refuses; how many calls it let pass. */
  exhaust(): Promise<number>;
}

const clientInfo = { name: 'e2e', version: '1' };
const params = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo };

/** A session of the Python server that outlives connections. With `on-redis-failure: closed` no call passes uncounted. */
export async function openSession(url: URL): Promise<Session> {
  const opened = await decided(url, { jsonrpc: '2.0', id: 1, method: 'initialize', params });
  const id = opened.headers.get('mcp-session-id');
  if (opened.status !== 200 || id === null) throw new Error(`no session: ${opened.status} ${opened.text}`);
  const headers = { 'Mcp-Session-Id': id };
  await post(url, { jsonrpc: '2.0', method: 'notifications/initialized' }, headers);

  async function call(): Promise<Answer> {
    const answer = await decided(url, toolCall(2, 'whoami'), headers);
    if (answer.status === 200 && JSON.parse(answer.text).result?.isError !== false) throw new Error(`no result: ${answer.text}`);
    return answer;
  }
  return {
    call,
    async exhaust() {
      for (let passed = 0; ; passed += 1) {
        const { status, text } = await call();
        if (status === 429) return passed;
        if (status !== 200) throw new Error(`${status} ${text}`);
      }
    },
  };
}

/** On a busy machine Redis may not answer within its 100 ms. */
function decided(url: URL, message: object, headers?: Readonly<Record<string, string>>): Promise<Answer> {
  return until('Redis to decide', async () => {
    const answer = await post(url, message, headers);
    return answer.status !== 503 && answer;
  });
}
