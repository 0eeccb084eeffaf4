import type { IncomingMessage, ServerResponse } from 'node:http';
import { type FakeUpstream, type Received, startFakeUpstream } from './fake-upstream.ts';

export interface Asked {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly method: string;
  readonly id: string | undefined;
  /** Of a POST. */
  readonly message: { readonly id?: unknown; readonly method?: string } | undefined;
}

export interface SessionServer {
  readonly url: string;
  readonly received: Received[];
  /** Ids of the sessions that it has. */
  readonly live: Set<string>;
  /** Everything it was asked to delete, in order. */
  readonly deleted: string[];
  /** Answers in its place where it returns true. */
  override: (asked: Asked) => boolean;
  /** Opens a session and gives its id. */
  open(): string;
  close(): Promise<void>;
}

/** A server of the legacy era with sessions, which behaves as the test says. */
export async function startSessionServer(): Promise<SessionServer> {
  let count = 0;
  const upstream: FakeUpstream = await startFakeUpstream((request, response) => {
    const { method = '' } = request;
    const id = request.headers['mcp-session-id'] as string | undefined;
    const body = upstream.received.at(-1)?.body ?? '';
    const message = body === '' ? undefined : (JSON.parse(body) as NonNullable<Asked['message']>);
    if (method === 'DELETE' && id !== undefined) server.deleted.push(id);
    if (server.override({ request, response, method, id, message })) return;
    const json = (status: number, value: unknown, headers: Record<string, string> = {}) =>
      response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(value));
    if (method === 'DELETE') return void response.writeHead(id !== undefined && server.live.delete(id) ? 200 : 404).end();
    if (method === 'GET') return void response.writeHead(405).end();
    if (id === undefined && message?.method === 'initialize')
      return void json(200, { jsonrpc: '2.0', id: message.id, result: {} }, { 'mcp-session-id': server.open() });
    if (id === undefined || !server.live.has(id)) return void json(404, { jsonrpc: '2.0', error: { code: -32001, message: 'Unknown' } });
    if (message?.id === undefined || message.method === undefined) return void response.writeHead(202).end();
    json(200, { jsonrpc: '2.0', id: message.id, result: {} });
  });
  const server: SessionServer = {
    url: upstream.url,
    received: upstream.received,
    live: new Set(),
    deleted: [],
    override: () => false,
    open() {
      const id = `s-${++count}`;
      server.live.add(id);
      return id;
    },
    close: () => upstream.close(),
  };
  return server;
}
