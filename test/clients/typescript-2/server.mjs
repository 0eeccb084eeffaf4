// A server of the modern era: TypeScript server 2.x, without a session, with a
// tool of the reference server and one that has an output schema. Writes its port once it listens.
import { createServer } from 'node:http';
import { toNodeHandler } from '@modelcontextprotocol/node';
import { createMcpHandler, McpServer } from '@modelcontextprotocol/server';
import * as z from 'zod';

const handler = createMcpHandler(() => {
  const server = new McpServer({ name: 'test-modern', version: '1.0.0' });
  const shape = { inputSchema: z.object({ message: z.string() }), description: 'Says it again' };
  server.registerTool('echo', shape, async ({ message }) => ({ content: [{ type: 'text', text: `Echo: ${message}` }] }));
  const counting = { inputSchema: z.object({}), outputSchema: z.object({ count: z.number() }), description: 'Counts to one' };
  server.registerTool('count', counting, async () => ({ content: [{ type: 'text', text: '1' }], structuredContent: { count: 1 } }));
  return server;
});
const server = createServer(toNodeHandler(handler));
server.listen(0, '127.0.0.1', () => console.log(server.address().port));
