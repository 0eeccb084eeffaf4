import { setTimeout as sleep } from 'node:timers/promises';
import {
  CLIENT_CAPABILITIES_META_KEY,
  type ClientCapabilities,
  type ElicitRequestFormParams,
  fromJsonSchema,
  type McpServer,
  type ServerContext,
} from '@modelcontextprotocol/server';
import * as z from 'zod';
import { audio, embedded, image, result, says, text } from './content.ts';
import { defaultsSchema, enumsSchema, keywordsSchema, mirroredSchema } from './schemas.ts';

const PAUSE_MS = 50;

/** Says to all who listen that a list has changed. */
export interface Changes {
  tools(): void;
  prompts(): void;
}

/** What a request says that its client can do; undefined in the legacy era. */
export function capabilitiesOf(ctx: ServerContext): ClientCapabilities | undefined {
  const envelope: Readonly<Record<string, unknown>> = { ...ctx.mcpReq.envelope };
  return envelope[CLIENT_CAPABILITIES_META_KEY] as ClientCapabilities | undefined;
}

/** The tools that need nothing but their arguments. */
export function addPlainTools(server: McpServer): void {
  const plain = {
    test_simple_text: says('This is a simple text response for testing.'),
    test_image_content: result(image),
    test_audio_content: result(audio),
    test_embedded_resource: result(embedded('test://embedded-resource', 'text/plain', 'This is an embedded resource content.')),
    test_multiple_content_types: result(
      text('Multiple content types test:'),
      image,
      embedded('test://mixed-content-resource', 'application/json', '{"test":"data","value":123}'),
    ),
    test_streaming_elicitation: says('answered without asking'),
  };
  for (const [name, answer] of Object.entries(plain)) server.registerTool(name, { description: `Answers with ${name}` }, () => answer);
  server.registerTool('test_error_handling', { description: 'Fails' }, () => {
    throw new Error('This tool intentionally returns an error for testing');
  });
  server.registerTool('json_schema_2020_12_tool', { description: 'Has keywords', inputSchema: fromJsonSchema(keywordsSchema) }, (args) =>
    says(JSON.stringify(args)),
  );
  server.registerTool('test_mirrored_argument', { description: 'Mirrors', inputSchema: fromJsonSchema(mirroredSchema) }, (args) =>
    says(JSON.stringify(args)),
  );
}

/** The tools that say something before they answer. */
export function addTalkingTools(server: McpServer, changes: Changes): void {
  server.registerTool('test_tool_with_logging', { description: 'Logs three times' }, async (ctx) => {
    await ctx.mcpReq.log('info', 'Tool execution started');
    await sleep(PAUSE_MS);
    await ctx.mcpReq.log('info', 'Tool processing data');
    await sleep(PAUSE_MS);
    await ctx.mcpReq.log('info', 'Tool execution completed');
    return says('logged');
  });
  server.registerTool('test_logging_tool', { description: 'Logs once' }, async (ctx) => {
    await ctx.mcpReq.log('info', 'only for those who asked');
    return says('logged');
  });
  server.registerTool('test_tool_with_progress', { description: 'Reports progress' }, async (ctx) => {
    const progressToken = ctx.mcpReq._meta?.progressToken;
    for (const progress of [0, 50, 100]) {
      if (progressToken !== undefined) {
        await ctx.mcpReq.notify({ method: 'notifications/progress', params: { progressToken, progress, total: 100 } });
      }
      await sleep(PAUSE_MS);
    }
    return says('done');
  });
  server.registerTool('test_reconnection', { description: 'Closes its stream before it answers' }, async (ctx) => {
    ctx.http?.closeSSE?.();
    await sleep(2 * PAUSE_MS);
    return says('answered on another stream');
  });
  server.registerTool('test_trigger_tool_change', { description: 'Changes the list of tools' }, () => {
    changes.tools();
    return says('changed');
  });
  server.registerTool('test_trigger_prompt_change', { description: 'Changes the list of prompts' }, () => {
    changes.prompts();
    return says('changed');
  });
}

/** The tools of the legacy era that ask their client on the wire. */
export function addAskingTools(server: McpServer): void {
  const ask = async (ctx: ServerContext, message: string, requestedSchema: ElicitRequestFormParams['requestedSchema']) => {
    const { action, content } = await ctx.mcpReq.elicitInput({ message, requestedSchema });
    return says(`Elicitation completed: action=${action}, content=${JSON.stringify(content ?? {})}`);
  };
  server.registerTool(
    'test_sampling',
    { description: 'Asks the model', inputSchema: z.object({ prompt: z.string() }) },
    async ({ prompt }, ctx) => {
      const sampled = await ctx.mcpReq.requestSampling({
        messages: [{ role: 'user', content: { type: 'text', text: prompt } }],
        maxTokens: 100,
      });
      return says(`LLM response: ${JSON.stringify(sampled.content)}`);
    },
  );
  server.registerTool(
    'test_elicitation',
    { description: 'Asks the user', inputSchema: z.object({ message: z.string() }) },
    ({ message }, ctx) =>
      ask(ctx, message, {
        type: 'object',
        properties: { username: { type: 'string' }, email: { type: 'string' } },
        required: ['username', 'email'],
      }),
  );
  server.registerTool('test_elicitation_sep1034_defaults', { description: 'Asks with defaults' }, (ctx) =>
    ask(ctx, 'Please look at the defaults', defaultsSchema),
  );
  server.registerTool('test_elicitation_sep1330_enums', { description: 'Asks with enumerations' }, (ctx) =>
    ask(ctx, 'Please choose', enumsSchema),
  );
}
