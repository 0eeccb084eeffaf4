// Tools and a prompt that answer "input required" first (MCP 2026-07-28, SEP-2322).
import {
  acceptedContent,
  createRequestStateCodec,
  type InputRequest,
  type InputRequests,
  inputRequired,
  inputResponse,
  type McpServer,
} from '@modelcontextprotocol/server';
import { fromUser, says, text } from './content.ts';
import { capabilitiesOf } from './tools.ts';

/** One process serves all rounds, so its own random key will do. */
export const stateCodec = createRequestStateCodec<string>({ key: crypto.getRandomValues(new Uint8Array(32)) });

const ask = (message: string, field: string): InputRequest =>
  inputRequired.elicit({ message, requestedSchema: { type: 'object', properties: { [field]: { type: 'string' } }, required: [field] } });
const askToConfirm = inputRequired.elicit({
  message: 'Please confirm',
  requestedSchema: { type: 'object', properties: { ok: { type: 'boolean' } }, required: ['ok'] },
});
const sample = (question: string, maxTokens: number): InputRequest =>
  inputRequired.createMessage({ messages: [{ role: 'user', content: { type: 'text', text: question } }], maxTokens });

/** Adds a tool that asks once and answers when all it asked for is there. */
function addOneRound(server: McpServer, name: string, inputRequests: InputRequests, options: { state?: string; done: string }): void {
  server.registerTool(name, { description: `Asks for ${Object.keys(inputRequests).join(', ')}` }, async (ctx) => {
    const responses = ctx.mcpReq.inputResponses;
    const isAnswered = Object.keys(inputRequests).every((key) => isUsable(responses, key));
    const isSound = options.state === undefined || ctx.mcpReq.requestState<string>() === options.state;
    if (isAnswered && isSound) return says(`${options.done} ${JSON.stringify(responses)}`);
    return inputRequired({ inputRequests, ...(options.state !== undefined && { requestState: await stateCodec.mint(options.state) }) });
  });
}

function isUsable(responses: Record<string, unknown> | undefined, key: string): boolean {
  const response = inputResponse(responses, key);
  if (response.kind === 'missing') return false;
  return response.kind !== 'elicit' || response.action !== 'accept' || acceptedContent(responses, key) !== undefined;
}

/** The tools that ask in rounds. */
export function addRoundTools(server: McpServer): void {
  const prefix = 'test_input_required_result_';
  const name = ask('What is your name?', 'name');
  server.registerTool(`${prefix}elicitation`, { description: 'Asks for a name' }, (ctx) => {
    const given = acceptedContent<{ name: string }>(ctx.mcpReq.inputResponses, 'user_name');
    return typeof given?.name === 'string' ? says(`Hello, ${given.name}!`) : inputRequired({ inputRequests: { user_name: name } });
  });
  addOneRound(server, `${prefix}sampling`, { capital_question: sample('What is the capital of France?', 100) }, { done: 'sampled' });
  addOneRound(server, `${prefix}list_roots`, { client_roots: inputRequired.listRoots() }, { done: 'roots' });
  // The SDK itself refuses to ask a client for what it did not declare.
  addOneRound(server, 'test_missing_capability', { question: sample('Are you there?', 10) }, { done: 'sampled' });
  const confirm = { confirm: askToConfirm };
  addOneRound(server, `${prefix}request_state`, confirm, { state: 'asked', done: 'state-ok' });
  addOneRound(server, `${prefix}tampered_state`, confirm, { state: 'sealed', done: 'state-ok' });
  const several = { user_name: name, greeting: sample('Generate a greeting', 50), client_roots: inputRequired.listRoots() };
  addOneRound(server, `${prefix}multiple_inputs`, several, { state: 'several', done: 'all there' });

  server.registerTool(`${prefix}multi_round`, { description: 'Asks twice' }, async (ctx) => {
    const responses = ctx.mcpReq.inputResponses;
    const state = ctx.mcpReq.requestState<string>();
    if (state === 'second' && isUsable(responses, 'step2')) return says('both rounds are done');
    if (state === 'first' && isUsable(responses, 'step1')) {
      const step2 = ask('Step 2: What is your favorite color?', 'color');
      return inputRequired({ inputRequests: { step2 }, requestState: await stateCodec.mint('second') });
    }
    const step1 = ask('Step 1: What is your name?', 'name');
    return inputRequired({ inputRequests: { step1 }, requestState: await stateCodec.mint('first') });
  });

  server.registerTool(`${prefix}capabilities`, { description: 'Asks for what its client can give' }, (ctx) => {
    const able = capabilitiesOf(ctx) ?? {};
    const inputRequests: InputRequests = {
      ...(able.elicitation !== undefined && { user_name: name }),
      ...(able.sampling !== undefined && { greeting: sample('Generate a greeting', 50) }),
      ...(able.roots !== undefined && { client_roots: inputRequired.listRoots() }),
    };
    const keys = Object.keys(inputRequests);
    const isAnswered = keys.every((key) => isUsable(ctx.mcpReq.inputResponses, key));
    return isAnswered ? says(`given: ${keys.join(', ')}`) : inputRequired({ inputRequests });
  });
}

/** The same for a prompt. */
export function addRoundPrompt(server: McpServer): void {
  server.registerPrompt('test_input_required_result_prompt', { description: 'Asks for its context' }, (ctx) => {
    const given = acceptedContent<{ context: string }>(ctx.mcpReq.inputResponses, 'user_context');
    if (given === undefined)
      return inputRequired({ inputRequests: { user_context: ask('What context should the prompt use?', 'context') } });
    return { messages: [fromUser(text(`Use this context: ${given.context}`))] };
  });
}
