import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js';

/** One HTTP exchange that the official client made. */
export interface Exchange {
  readonly method: string;
  /** The request's body, parsed. */
  // biome-ignore lint/suspicious/noExplicitAny: JSON is read by path in assertions
  readonly sent: any;
  readonly status: number;
  readonly headers: Headers;
  /** The answer's text where it is JSON; a stream is the client's to read. */
  readonly text?: string;
}
export interface Connected {
  readonly client: Client;
  readonly exchanges: Exchange[];
  /** Calls a tool and tells how the call ended instead of throwing. */
  call(name: string, args?: Record<string, unknown>): Promise<{ ok: boolean; exchange: Exchange; durationMs: number }>;
  close(): Promise<void>;
}

/** The official SDK's client, connected (initialize has been answered), with every HTTP exchange noted down. */
export async function connect(url: URL): Promise<Connected> {
  const exchanges: Exchange[] = [];
  const transport = new StreamableHTTPClientTransport(url, {
    fetch: async (target, init) => {
      const response = await fetch(target, init);
      const isJson = response.headers.get('content-type')?.includes('json') === true;
      const text = isJson ? await response.clone().text() : undefined;
      const sent = typeof init?.body === 'string' ? (JSON.parse(init.body) as unknown) : undefined;
      const { status, headers } = response;
      exchanges.push({ method: init?.method ?? 'GET', sent, status, headers, ...(text === undefined ? {} : { text }) });
      return response;
    },
  });
  const client = new Client({ name: 'mcp-sluice-e2e', version: '1.0.0' });
  // The SDK's own types disagree under exactOptionalPropertyTypes.
  await client.connect(transport as Transport);
  const call: Connected['call'] = async (name, args = {}) => {
    const before = Date.now();
    const ok = await client.callTool({ name, arguments: args }).then(
      (result) => result.isError !== true,
      () => false,
    );
    const exchange = exchanges.findLast((one) => one.sent?.method === 'tools/call' && one.sent.params.name === name);
    if (exchange === undefined) throw new Error(`no HTTP exchange for tools/call ${name}`);
    return { ok, exchange, durationMs: Date.now() - before };
  };
  return { client, exchanges, call, close: () => client.close() };
}

/** How a call without session ended (for servers that keep none). */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  readonly durationMs: number;
}

/** One `tools/call` by plain `fetch` on a connection of its own choosing. */
export async function post(url: URL, message: object, more: Readonly<Record<string, string>> = {}): Promise<Answer> {
  const before = Date.now();
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', Accept: 'application/json, text/event-stream', Connection: 'close', ...more },
    body: JSON.stringify(message),
    signal: AbortSignal.timeout(20_000),
  });
  return { status: response.status, headers: response.headers, text: await response.text(), durationMs: Date.now() - before };
}

export function toolCall(id: number | string, name: string, args: Record<string, unknown> = {}): object {
  return { jsonrpc: '2.0', id, method: 'tools/call', params: { name, arguments: args } };
}
