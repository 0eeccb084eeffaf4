import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js';
import express from 'express';
import { installGo } from '../../../src/build/go.ts';
import { installClient } from '../../clients/install.ts';
import { answers, type Child, startChild } from '../child.ts';
import { freePort, startEverythingServer } from '../everything-server.ts';

/** A real server, with a tool that costs and one that does not. */
export interface HostileServer {
  readonly url: string;
  readonly path: string;
  /** Header lines that every request needs. */
  readonly headers?: readonly string[];
  readonly expensive: string;
  readonly cheap: string;
  /** How often the expensive tool ran; undefined where only answers tell. */
  runs(): Promise<number | undefined>;
  /** Whether an answer holds what the expensive tool, or the cheap one, returns. */
  readonly ran: { readonly expensive: RegExp; readonly cheap: RegExp };
  stop(): Promise<void>;
}

const names = { expensive: 'expensive', cheap: 'cheap', ran: { expensive: /ran expensive/, cheap: /ran cheap/ } } as const;

/** The TypeScript SDK behind `express.json()`, which inflates and decodes what it is told to: the laxest of all that were measured. */
export async function startExpress(): Promise<HostileServer> {
  let runs = 0;
  const app = express();
  app.use(express.json());
  app.post('/mcp', async (request, response) => {
    const mcp = new McpServer({ name: 'hostile', version: '1' });
    mcp.registerTool('expensive', { description: 'What nobody may run for free.' }, () => {
      runs += 1;
      return { content: [{ type: 'text', text: 'ran expensive' }] };
    });
    mcp.registerTool('cheap', { description: 'What anybody may run.' }, () => ({ content: [{ type: 'text', text: 'ran cheap' }] }));
    const transport = new StreamableHTTPServerTransport({ enableJsonResponse: true });
    response.on('close', () => void mcp.close());
    await mcp.connect(transport as never);
    await transport.handleRequest(request, response, request.body);
  });
  app.use((_error: unknown, _request: express.Request, response: express.Response, _next: express.NextFunction) => {
    if (!response.headersSent) response.status(400).end();
  });
  const server = createServer(app);
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  return { ...names, url: `http://127.0.0.1:${port}`, path: '/mcp', runs: async () => runs, stop: () => close(server) };
}

/** The reference server, on Express, which serves nobody without a session. */
export async function startEverything(): Promise<HostileServer> {
  const server = await startEverythingServer('streamableHttp');
  const params = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'hostile', version: '1' } };
  const opened = await fetch(`${server.url}/mcp`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'application/json, text/event-stream' },
    body: JSON.stringify({ jsonrpc: '2.0', id: 0, method: 'initialize', params }),
  });
  await opened.text();
  return {
    url: server.url,
    path: '/mcp',
    headers: [`Mcp-Session-Id: ${opened.headers.get('mcp-session-id')}`],
    expensive: 'get-tiny-image',
    cheap: 'get-resource-links',
    ran: { expensive: /image\/png/, cheap: /resource_link/ },
    runs: async () => undefined,
    stop: () => server.stop(),
  };
}

/** FastMCP of the Python SDK 1.30, over Streamable HTTP or HTTP+SSE. */
export async function startPython(
  transport: 'streamable-http' | 'sse',
  env: Readonly<Record<string, string>> = {},
): Promise<HostileServer> {
  return startPythonProgram('python-1', 'python_server.py', transport === 'sse' ? '/sse' : '/mcp', { TRANSPORT: transport, ...env });
}

/** MCPServer of the Python SDK 2.3, of both eras, which takes a request for one or the other by its header alone. */
export async function startPython2(): Promise<HostileServer> {
  return startPythonProgram('python-2', 'python_2_server.py', '/mcp', {});
}

async function startPythonProgram(
  client: string,
  program: string,
  path: string,
  own: Readonly<Record<string, string>>,
): Promise<HostileServer> {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const packages = await installClient({ name: client, kind: 'python' } as Parameters<typeof installClient>[0]);
  const env = { ...packages.env, ...own, PORT: String(port) };
  const child = await startChild('python3', [join(import.meta.dirname, program)], () => answers(`${url}/runs`, true), env);
  const runs = async () => ((await (await fetch(`${url}/runs`)).json()) as { expensive?: number }).expensive ?? 0;
  return { ...names, url, path, runs, stop: () => child.stop() };
}

/** The Go SDK's own server for conformance tests, as it is published. */
export async function startGo(): Promise<HostileServer> {
  const folder = await installGo('github.com/modelcontextprotocol/go-sdk', 'v1.8.0', ['conformance/everything-server']);
  const address = `127.0.0.1:${await freePort()}`;
  const child: Child = await startChild(join(folder, 'everything-server'), ['-http', address], () => answers(`http://${address}/`));
  return {
    url: `http://${address}`,
    path: '/',
    expensive: 'test_simple_text',
    cheap: 'test_embedded_resource',
    ran: { expensive: /simple text response/i, cheap: /"type":\s*"resource"/ },
    runs: async () => undefined,
    stop: () => child.stop(),
  };
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
