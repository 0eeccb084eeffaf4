import { completable, McpServer, ResourceTemplate } from '@modelcontextprotocol/server';
import * as z from 'zod';
import { embedded, fromUser, image, PNG, text } from './content.ts';
import { addRoundPrompt, addRoundTools, stateCodec } from './rounds.ts';
import { addAskingTools, addPlainTools, addTalkingTools, type Changes } from './tools.ts';

/** A server with everything that the conformance scenarios call by name. */
export function createFixture(changes: Changes): McpServer {
  const server = new McpServer(
    { name: 'mcp-sluice-conformance', version: '1.0.0' },
    {
      capabilities: {
        tools: { listChanged: true },
        prompts: { listChanged: true },
        resources: { subscribe: true, listChanged: true },
        logging: {},
        completions: {},
      },
      requestState: { verify: stateCodec.verify },
    },
  );
  addPlainTools(server);
  addTalkingTools(server, changes);
  addAskingTools(server);
  addRoundTools(server);
  addPrompts(server);
  addRoundPrompt(server);
  addResources(server);
  return server;
}

function addPrompts(server: McpServer): void {
  server.registerPrompt('test_simple_prompt', { description: 'Plain' }, () => ({
    messages: [fromUser(text('This is a simple prompt for testing.'))],
  }));
  const words = ['paris', 'park', 'party'];
  const first = completable(z.string(), (value) => words.filter((word) => word.startsWith(value)));
  server.registerPrompt(
    'test_prompt_with_arguments',
    { description: 'With arguments', argsSchema: z.object({ arg1: first, arg2: z.string() }) },
    ({ arg1, arg2 }) => ({ messages: [fromUser(text(`Prompt with arguments: arg1='${arg1}', arg2='${arg2}'`))] }),
  );
  server.registerPrompt(
    'test_prompt_with_embedded_resource',
    { description: 'With a resource', argsSchema: z.object({ resourceUri: z.string() }) },
    ({ resourceUri }) => ({
      messages: [
        fromUser(embedded(resourceUri, 'text/plain', 'Embedded resource content for testing.')),
        fromUser(text('Please process the embedded resource above.')),
      ],
    }),
  );
  server.registerPrompt('test_prompt_with_image', { description: 'With an image' }, () => ({
    messages: [fromUser(image), fromUser(text('Please analyze the image above.'))],
  }));
}

function addResources(server: McpServer): void {
  server.registerResource('text', 'test://static-text', { description: 'Text', mimeType: 'text/plain' }, ({ href: uri }) => ({
    contents: [{ uri, mimeType: 'text/plain', text: 'This is the content of the static text resource.' }],
  }));
  server.registerResource('binary', 'test://static-binary', { description: 'A pixel', mimeType: 'image/png' }, ({ href: uri }) => ({
    contents: [{ uri, mimeType: 'image/png', blob: PNG }],
  }));
  server.registerResource('watched', 'test://watched-resource', { description: 'Watched', mimeType: 'text/plain' }, ({ href: uri }) => ({
    contents: [{ uri, mimeType: 'text/plain', text: 'nothing new' }],
  }));
  const template = new ResourceTemplate('test://template/{id}/data', { list: undefined });
  server.registerResource('template', template, { description: 'By id', mimeType: 'application/json' }, ({ href: uri }, { id }) => ({
    contents: [{ uri, mimeType: 'application/json', text: JSON.stringify({ id, templateTest: true, data: `Data for ID: ${id}` }) }],
  }));
  // Accepted and forgotten: no scenario waits for an update.
  server.server.setRequestHandler('resources/subscribe', () => ({}));
  server.server.setRequestHandler('resources/unsubscribe', () => ({}));
}
