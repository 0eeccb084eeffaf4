import { isUtf8 } from 'node:buffer';
import type { Envelope } from './envelope.ts';
import type { HeaderFacts } from './headers.ts';
import type { Era, Message } from './message.ts';

const FIRST_MODERN_REVISION = '2026-07-28';

/** Revisions are dates, so that text order is their order; what is no date is no evidence. */
export function isModernRevision(version: string | undefined): boolean {
  return version !== undefined && /^\d{4}-\d{2}-\d{2}$/.test(version) && version >= FIRST_MODERN_REVISION;
}

/** The era by headers alone, for refusals that come before the body is understood. */
export function eraOfHeaders(headers: HeaderFacts): Era {
  return isModernRevision(headers.protocolVersion) ? 'modern' : 'legacy';
}

/**
 * The era on which header and body agree, undefined where they don't. Modern
 * notifications need no `_meta` (only "requests" carry the envelope), and
 * responses have no place for it: there the header is all the evidence.
 */
export function decideEra(kind: Message['kind'], envelope: Envelope, headers: HeaderFacts): Era | undefined {
  const version = envelope.version?.text;
  if (isModernRevision(version)) return headers.protocolVersion === version ? 'modern' : undefined;
  if (!isModernRevision(headers.protocolVersion)) return 'legacy';
  return kind !== 'request' && envelope.version === undefined ? 'modern' : undefined;
}

/** What `Mcp-Name` repeats, by method (MCP 2026-07-28, Streamable HTTP "Standard MCP Request Headers"). */
function nameSource(method: string, envelope: Envelope): { readonly text: string | undefined } | undefined {
  if (method === 'tools/call' || method === 'prompts/get') return { text: envelope.name?.text };
  if (method === 'resources/read') return { text: envelope.uri?.text };
  return method.startsWith('tasks/') ? { text: envelope.taskId?.text } : undefined;
}

/** Methods whose requests must repeat their name in `Mcp-Name`; for `tasks/*` it is compared where it stands. */
const namedMethods: ReadonlySet<string> = new Set(['tools/call', 'prompts/get', 'resources/read']);

/** What is wrong with the mirrored headers of a modern message: missing, or contradicting. */
export type MirrorFault = { readonly rung: 'mirror-missing'; readonly header: string } | { readonly rung: 'mirror-mismatch' };

/**
 * Holds the mirrored headers of a modern message against its body. Requests must
 * carry them; for notifications the revision defines none, so that they count only
 * where present. `Mcp-Name` on a method for which none is defined is let be.
 */
export function judgeMirrors(
  { kind, method }: { readonly kind: 'request' | 'notification'; readonly method: string },
  envelope: Envelope,
  { mcpMethod, mcpName }: HeaderFacts,
): MirrorFault | undefined {
  if (mcpMethod !== undefined && decodeMirror(mcpMethod) !== method) return { rung: 'mirror-mismatch' };
  const source = nameSource(method, envelope);
  const isName = mcpName === undefined || source === undefined || (source.text !== undefined && decodeMirror(mcpName) === source.text);
  if (!isName) return { rung: 'mirror-mismatch' };
  if (kind !== 'request') return undefined;
  if (mcpMethod === undefined) return { rung: 'mirror-missing', header: 'Mcp-Method' };
  // Where the body has no name either, its server has the better answer.
  const isNameMissing = mcpName === undefined && source?.text !== undefined && namedMethods.has(method);
  return isNameMissing ? { rung: 'mirror-missing', header: 'Mcp-Name' } : undefined;
}

const SENTINEL = '=?base64?';

/** A mirrored value, `=?base64?…?=` undone; undefined for what no conforming client sends. */
function decodeMirror(value: string): string | undefined {
  if (!value.startsWith(SENTINEL) || !value.endsWith('?=')) return /^[\t\x20-\x7e]*$/.test(value) ? value : undefined;
  const encoded = value.slice(SENTINEL.length, -2);
  const bytes = Buffer.from(encoded, 'base64');
  // Canonical only: Node's decoder skips what it does not know, others stop there.
  return bytes.toString('base64') === encoded && isUtf8(bytes) ? bytes.toString() : undefined;
}
