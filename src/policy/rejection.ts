import type { Message, Refusal } from '../mcp/message.ts';
import type { Settings } from '../settings/settings.ts';
import type { FragileClient } from './clients.ts';

export interface Rejection {
  readonly setting: Settings['rejection'];
  /** The rows of the table that the client belongs to. */
  readonly known: readonly FragileClient[];
}

/**
 * Gives the refusal of a limit or a session the shape that is asked for (contract §6). Its
 * headers stay, whatever the status: what counts limits on the way finds them there.
 *
 * Only requests are answered in the body. A notification that is not accepted
 * gets an HTTP error status (MCP 2025-11-25, Streamable HTTP "Sending
 * Messages"); 200 would say that it was. Results of tools answer `tools/call`
 * alone: other methods get the error.
 */
export function reshape(refusal: Refusal, message: Message, { setting, known }: Rejection): Refusal {
  if (refusal.status === 404) return reshapeGone(refusal, message, { setting, known });
  const style = setting === 'auto' ? styleFor(known) : setting;
  if (style === 'http' || message.kind !== 'request') return refusal;
  if (style === 'jsonrpc' || message.method !== 'tools/call') return { ...refusal, status: 200 };
  const isPlain = known.some(({ loses }) => loses === 'message-by-structured-content');
  return { ...refusal, status: 200, form: isPlain ? 'plain-tool-result' : 'tool-result' };
}

/** By a 404 a client knows that its session is gone (MCP 2025-11-25, "Session Management" 3): it stays one, but for who would wait for ever. */
function reshapeGone(refusal: Refusal, message: Message, { setting, known }: Rejection): Refusal {
  const isUnheard = setting === 'auto' && message.kind === 'request' && known.some(({ ignores404 }) => ignores404);
  return isUnheard ? { ...refusal, status: 200 } : refusal;
}

/** Gateways and dashboards read HTTP statuses; those who would lose more by one get the error alone. */
function styleFor(known: readonly FragileClient[]): 'http' | 'jsonrpc' {
  return known.some(({ loses }) => loses === 'session' || loses === 'message') ? 'jsonrpc' : 'http';
}
