// A server on the TypeScript SDK, version 2, that speaks both eras at one URL.
// It listens at 127.0.0.1:$PORT and writes a line once it does.
import { createServer } from 'node:http';
import { type NodeIncomingMessageLike, toNodeHandler } from '@modelcontextprotocol/node';
import {
  createMcpHandler,
  hostHeaderValidationResponse,
  isLegacyRequest,
  localhostAllowedHostnames,
  localhostAllowedOrigins,
  originValidationResponse,
} from '@modelcontextprotocol/server';
import { createFixture } from './fixture.ts';
import { Sessions } from './sessions.ts';

const modern = createMcpHandler(
  () => createFixture({ tools: () => modern.notify.toolsChanged(), prompts: () => modern.notify.promptsChanged() }),
  { legacy: 'reject' },
);
const sessions = new Sessions(() => {
  const server = createFixture({ tools: () => server.sendToolListChanged(), prompts: () => server.sendPromptListChanged() });
  return server;
});

async function answer(request: Request): Promise<Response> {
  const refused =
    hostHeaderValidationResponse(request, localhostAllowedHostnames()) ?? originValidationResponse(request, localhostAllowedOrigins());
  if (refused) return refused;
  return (await isLegacyRequest(request)) ? sessions.serve(request) : modern.fetch(request);
}

const handle = toNodeHandler({ fetch: answer });
const port = Number(process.env['PORT']);
createServer((request, response) => {
  handle(request as NodeIncomingMessageLike, response).catch((error: unknown) => {
    console.error(error);
    response.destroy();
  });
}).listen(port, '127.0.0.1', () => console.log(`listening on ${port}`));
