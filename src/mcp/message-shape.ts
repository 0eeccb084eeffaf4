import type { Envelope } from './envelope.ts';
import { decideEra, judgeMirrors } from './era.ts';
import type { HeaderFacts } from './headers.ts';
import { type RungName, refuse } from './ladder.ts';
import type { Classified, Era } from './message.ts';

/** Methods that MCP defines as requests: as notifications they would escape the meter. */
const requestMethod = /^(?:initialize$|ping$|(?:tools|resources|prompts|completion|logging|tasks|server|subscriptions)\/)/;

/** Turns the envelope of a clean JSON body into one message, or into the first rung it fails on. */
export function judgeMessage(envelope: Envelope, headers: HeaderFacts, headerEra: Era): Classified {
  const { method } = envelope;
  const id = isSoundId(envelope.id) ? envelope.id : undefined;
  const isResponse = envelope.hasResult || envelope.hasError;
  // The id of a response is the server's: in our answer the client would take it for one of its own.
  const echoed = isResponse && !method ? undefined : id;
  const fail = (rung: RungName, detail?: string): Classified => ({
    ok: false,
    refusal: refuse(rung, { era: headerEra, id: echoed, detail }),
  });

  if (envelope.root !== 'object') return fail(envelope.root === 'array' ? 'batch' : 'not-object');
  if (envelope.lookalikeOf !== undefined) return fail('lookalike-key', envelope.lookalikeOf);
  if (envelope.jsonrpc?.text !== '2.0') return fail('version');
  if (isResponse && method) return fail('request-and-response');
  if (isResponse === (method !== undefined) || (envelope.hasResult && envelope.hasError)) return fail('no-kind');
  if (envelope.id !== undefined && id === undefined) return fail('id-form');
  if (!method) {
    // From 2025-11-25 on the schema lets an error go without an id, never a result.
    if (id === undefined && envelope.hasResult) return fail('id-form');
    const era = decideEra('response', envelope, headers);
    return era ? { ok: true, message: { kind: 'response', era } } : fail('era-mismatch');
  }
  if (method.text === undefined) return fail('method-form');
  return judgeCall(method.text, id, envelope, headers, fail);
}

function judgeCall(
  method: string,
  id: string | undefined,
  envelope: Envelope,
  headers: HeaderFacts,
  fail: (rung: RungName, detail?: string) => Classified,
): Classified {
  const isToolCall = method === 'tools/call';
  if (id === undefined && requestMethod.test(method)) return fail('request-without-id');
  const tool = isToolCall ? envelope.name?.text : undefined;
  if (isToolCall && tool === undefined) return fail('tool-name');
  if (envelope.params && envelope.params.kind !== 'object') return fail('params-form');
  const kind = id === undefined ? 'notification' : 'request';
  const era = decideEra(kind, envelope, headers);
  if (!era) return fail(kind === 'request' && envelope.version === undefined ? 'envelope-missing' : 'era-mismatch');
  const mirror = era === 'modern' ? judgeMirrors({ kind, method }, envelope, headers) : undefined;
  if (mirror) return fail(mirror.rung, mirror.rung === 'mirror-missing' ? mirror.header : undefined);
  if (id === undefined) return { ok: true, message: { kind: 'notification', era, method } };
  const { clientName } = envelope;
  const clientInfo = clientName === undefined ? undefined : { name: clientName };
  return {
    ok: true,
    message: { kind: 'request', era, method, id, ...(tool === undefined ? {} : { tool }), ...(clientInfo && { clientInfo }) },
  };
}

/** A string, or an integer written as one: 1.0 and 1e0 come back from some servers as 1, or not at all. */
function isSoundId(id: string | undefined): id is string {
  if (id === undefined) return false;
  return id.startsWith('"') || (/^-?\d{1,16}$/.test(id) && Number.isSafeInteger(Number(id)));
}
