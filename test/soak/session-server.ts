import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface SessionServer {
  readonly url: string;
  /** Sessions opened and not closed. */
  readonly live: number;
  close(): Promise<void>;
}

/** An MCP server of the smallest kind that has sessions: opens them, closes them, and answers everything else of them with nothing. */
export async function startSessionServer(): Promise<SessionServer> {
  const live = new Set<string>();
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const id = request.headers['mcp-session-id'];
      if (request.method === 'DELETE') {
        response.writeHead(live.delete(String(id)) ? 200 : 404).end();
        return;
      }
      const message = JSON.parse(Buffer.concat(chunks).toString()) as { id: number; method: string };
      const opened = message.method === 'initialize' ? randomUUID() : undefined;
      if (opened !== undefined) live.add(opened);
      const result = { protocolVersion: '2025-11-25', capabilities: {}, serverInfo: { name: 'soak', version: '1' } };
      const headers = { 'content-type': 'application/json', ...(opened !== undefined && { 'mcp-session-id': opened }) };
      response.writeHead(200, headers).end(JSON.stringify({ jsonrpc: '2.0', id: message.id, result }));
    });
  });
  // Longer than any pause of the load: a connection that we close under a request would be counted against the sidecar.
  server.keepAliveTimeout = 600_000;
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    get live() {
      return live.size;
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
