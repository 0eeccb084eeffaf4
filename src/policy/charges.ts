import type { Message } from '../mcp/message.ts';
import type { RateLimit } from '../settings/settings.ts';
import type { Charge } from './limiter.ts';
import { matchTool } from './match-tool.ts';

/** Never charged, even where a user names them: without them no client learns that it may come (contract §6). */
const NEVER_CHARGED: ReadonlySet<string> = new Set(['initialize', 'server/discover']);

/** Stands where a client's hash would; the hashes are longer, so no client has this one. */
const ANONYMOUS = 'anonymous';

/**
 * Lists the buckets that a message is charged to, none where nothing limits it.
 *
 * A `tools/call` is charged whether it has an id or not: a lax server runs a
 * notification's tool too. `client` is the keyed hash of the caller; all
 * callers without one share one per-client bucket (contract §2).
 */
export function chargesOf(message: Message, limits: RateLimit | undefined, client: string | undefined): readonly Charge[] {
  if (limits === undefined || message.kind === 'response' || message.kind === 'opaque') return [];
  const who = client ?? ANONYMOUS;
  if (message.method === 'tools/call') return toolCharges(message.tool ?? '', limits, who);
  // A notification has no answer in which its sender could read a refusal; one with an id is no less a notification's method.
  if (message.kind === 'notification' || message.method.startsWith('notifications/') || NEVER_CHARGED.has(message.method)) return [];
  const limit = limits.methods.find(({ method }) => method === message.method);
  if (limit === undefined) return [];
  const { cost } = limit;
  const id = part(limit.method);
  return present([
    limit.shared && { name: `m:${id}`, label: `method:${limit.method}`, bucket: limit.shared, cost },
    limit.perClient && { name: `mc:${id}:${who}`, label: `perClient:method:${limit.method}`, bucket: limit.perClient, cost },
  ]);
}

function toolCharges(tool: string, limits: RateLimit, who: string): readonly Charge[] {
  const own = matchTool(limits.tools, tool);
  // A call that costs two of a tool's tokens weighs as much in the buckets that it shares with other tools.
  const cost = own?.cost ?? 1;
  // A pattern's bucket is named by the pattern: one for all names that it matches (contract §9.9).
  const id = own && part(own.pattern);
  return present([
    limits.shared && { name: 's', label: 'shared', bucket: limits.shared, cost },
    limits.perClient && { name: `c:${who}`, label: 'perClient', bucket: limits.perClient, cost },
    own?.shared && { name: `t:${id}`, label: `tool:${own.pattern}`, bucket: own.shared, cost },
    own?.perClient && { name: `tc:${id}:${who}`, label: `perClient:tool:${own.pattern}`, bucket: own.perClient, cost },
  ]);
}

/** Base64url has no colon, so that no tool or client can be named into another's bucket. */
const part = (text: string): string => Buffer.from(text, 'utf8').toString('base64url');

const present = (charges: readonly (Charge | undefined)[]): readonly Charge[] => charges.filter((charge) => charge !== undefined);
