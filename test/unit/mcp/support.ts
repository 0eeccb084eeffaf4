import { classifyBody, classifyHead, type Head } from '../../../src/mcp/classify.ts';
import type { Classified, Message } from '../../../src/mcp/message.ts';

export type Lines = readonly (readonly [name: string, value: string])[];

export const VERSION_KEY = 'io.modelcontextprotocol/protocolVersion';
export const MODERN = '2026-07-28';

export function head({ method = 'POST', target = '/mcp', lines = [] }: { method?: string; target?: string; lines?: Lines } = {}): Head {
  return { method, target, rawHeaders: lines.flat() };
}

export function bytesOf(body: string | Uint8Array): Uint8Array {
  return typeof body === 'string' ? Buffer.from(body) : body;
}

/** A body on an MCP path. */
export function post(body: string | Uint8Array, lines: Lines = [['Content-Type', 'application/json']]): Classified {
  return classifyBody(bytesOf(body), head({ lines }), true);
}

/** A body on a path that is not MCP. */
export function postElsewhere(body: string | Uint8Array, lines: Lines = [], method = 'POST'): Classified {
  return classifyBody(bytesOf(body), head({ method, target: '/upload', lines }), false);
}

/** `ok`, or the rung, HTTP status and code. */
export function verdict(classified: Classified): string {
  if (classified.ok) return 'ok';
  const { rung, status, code } = classified.refusal;
  return `${rung} ${status} ${code}`;
}

export function headVerdict(request: Parameters<typeof head>[0], paths: readonly string[] = []): string {
  const judged = classifyHead(head(request), paths);
  return judged.kind === 'refusal' ? verdict({ ok: false, refusal: judged.refusal }) : judged.kind;
}

export function messageOf(classified: Classified): Message {
  if (!classified.ok) throw new Error(`refused: ${classified.refusal.rung}: ${classified.refusal.message}`);
  return classified.message;
}

/** JSON text of a request, by default a call of `search`. */
export function call(members: Record<string, unknown> = {}): string {
  return JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'search' }, ...members });
}

/** JSON text of a modern call. */
export function modernCall(name = 'search', version: unknown = MODERN): string {
  return call({ params: { name, _meta: { [VERSION_KEY]: version } } });
}

/** The lines that a modern request of that method must carry; without a name no `Mcp-Name`. */
export function modernLines(method = 'tools/call', name: string | undefined = method === 'tools/call' ? 'search' : undefined): Lines {
  return [['MCP-Protocol-Version', MODERN], ['Mcp-Method', method], ...(name === undefined ? [] : [['Mcp-Name', name] as const])];
}
