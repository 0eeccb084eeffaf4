import { Agent, request } from 'node:http';

interface Answered {
  readonly status: number;
  readonly sessionId: string | undefined;
}

const BODY = JSON.stringify({
  jsonrpc: '2.0',
  id: 1,
  method: 'initialize',
  params: { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'soak', version: '1' } },
});
const HEADERS = { 'content-type': 'application/json', accept: 'application/json, text/event-stream' };

/** Clients that open sessions at full speed, over kept connections. */
export class SessionLoad {
  readonly #url: string;
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 100 });
  #closed = 0;

  constructor(url: string) {
    this.#url = `${url}/mcp`;
  }

  /** Sessions that were opened and closed again. */
  get closed(): number {
    return this.#closed;
  }

  /** Opens and closes so many sessions, some at a time. Rejects at the first answer that is not what it should be. */
  async churn(count: number, workers: number, limitMs: number): Promise<void> {
    await this.#share(count, workers, limitMs, async () => {
      const id = await this.#open();
      const { status } = await this.#send('DELETE', { 'mcp-session-id': id });
      if (status !== 200) throw new Error(`DELETE was answered with ${status}`);
      this.#closed += 1;
    });
  }

  /** Opens so many and leaves them; resolves to how many there are. */
  async abandon(count: number, workers: number, limitMs: number): Promise<number> {
    let opened = 0;
    await this.#share(count, workers, limitMs, async () => {
      await this.#open();
      opened += 1;
    });
    return opened;
  }

  close(): void {
    this.#agent.destroy();
  }

  async #share(count: number, workers: number, limitMs: number, work: () => Promise<void>): Promise<void> {
    const endMs = performance.now() + limitMs;
    let left = count;
    const worker = async (): Promise<void> => {
      while (left > 0) {
        if (performance.now() > endMs) throw new Error(`${left} of ${count} left after ${limitMs} ms`);
        left -= 1;
        await work();
      }
    };
    await Promise.all(Array.from({ length: workers }, worker));
  }

  async #open(): Promise<string> {
    const { status, sessionId } = await this.#send('POST', {}, BODY);
    if (status !== 200 || sessionId === undefined) throw new Error(`initialize was answered with ${status}`);
    return sessionId;
  }

  #send(method: string, headers: Readonly<Record<string, string>>, body?: string): Promise<Answered> {
    return new Promise((resolve, reject) => {
      const options = { method, agent: this.#agent, headers: { ...HEADERS, ...headers } };
      const sent = request(this.#url, options, (response) => {
        const sessionId = response.headers['mcp-session-id'];
        response.on('error', reject).resume();
        response.on('end', () =>
          resolve({ status: response.statusCode ?? 0, sessionId: typeof sessionId === 'string' ? sessionId : undefined }),
        );
      });
      sent.on('error', reject).end(body);
    });
  }
}
