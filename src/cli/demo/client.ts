import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js';
import { VERSION } from '../../inject/stamp.ts';

/** How a call of the tool ended: the tool's text, or the refusal as it came over the wire. */
export type Called =
  | { readonly ok: true; readonly text: string; readonly headers: Headers }
  | { readonly ok: false; readonly status: number; readonly body: string; readonly headers: Headers; readonly waitSeconds: number };

export interface DemoClient {
  readonly serverName: string;
  /** For who wants to go on by hand in the same session. */
  readonly sessionId: string | undefined;
  countTools(): Promise<number>;
  /** @throws when the call fails for another reason than a limit. */
  echo(message: string): Promise<Called>;
  close(): Promise<void>;
}

interface Exchange {
  readonly status: number;
  readonly headers: Headers;
  readonly body: string;
}

/** The official SDK's client, which notes each answer's head; the SDK itself shows its caller only the outcome. */
export async function connectClient(url: URL): Promise<DemoClient> {
  let last: Exchange = { status: 0, headers: new Headers(), body: '' };
  const transport = new StreamableHTTPClientTransport(url, {
    async fetch(target, init) {
      const response = await fetch(target, init);
      // The standalone GET stream may be answered between a call and its answer.
      if (init?.method === 'POST')
        last = { status: response.status, headers: response.headers, body: response.ok ? '' : await response.clone().text() };
      return response;
    },
  });
  const client = new Client({ name: 'mcp-sluice-demo', version: VERSION });
  // The SDK's own types disagree under exactOptionalPropertyTypes.
  await client.connect(transport as Transport);
  return {
    serverName: client.getServerVersion()?.name ?? 'the server',
    sessionId: transport.sessionId,
    countTools: async () => (await client.listTools()).tools.length,
    async echo(message) {
      try {
        const { content } = (await client.callTool({ name: 'echo', arguments: { message } })) as { content: { text?: string }[] };
        return { ok: true, text: content[0]?.text ?? '', headers: last.headers };
      } catch (error) {
        if (last.status !== 429) throw error;
        return { ok: false, ...last, waitSeconds: Number(last.headers.get('retry-after')) };
      }
    },
    async close() {
      await transport.terminateSession().catch(() => undefined);
      await client.close();
    },
  };
}
