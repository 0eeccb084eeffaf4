import { eraOfHeaders } from './era.ts';
import { type HeaderFacts, readHeaders } from './headers.ts';
import { type RungName, refuse } from './ladder.ts';
import { couldBeJsonRpc } from './lenient.ts';
import type { Classified, Refusal } from './message.ts';
import { judgeMessage } from './message-shape.ts';
import { judgeOpening, readContentType } from './opening.ts';
import { judgePath } from './paths.ts';
import { type Fault, scan } from './scan.ts';
import { hasConflictingSessions } from './session-carriers.ts';

/** A request before its body. */
export interface Head {
  readonly method: string;
  /** Name, value, name, value, … as received. */
  readonly rawHeaders: readonly string[];
  /** The request target as received. */
  readonly target: string;
}

export type HeadVerdict =
  /** Forward: there is no body, or none to look at. */
  | { readonly kind: 'pass'; readonly isMcpPath: boolean }
  /** Receive the body whole and give it to `classifyBody`. */
  | { readonly kind: 'body-needed'; readonly isMcpPath: boolean }
  | { readonly kind: 'refusal'; readonly refusal: Refusal };

const bodilessMethods: ReadonlySet<string> = new Set(['GET', 'HEAD', 'DELETE', 'OPTIONS']);

/** Judges a request by its head. `paths` are the prefixes that speak MCP; none: all do. Expected faults are values. */
export function classifyHead(head: Head, paths: readonly string[]): HeadVerdict {
  const headers = readHeaders(head.rawHeaders);
  const refusal = (rung: RungName): HeadVerdict => ({ kind: 'refusal', refusal: refuse(rung, { era: eraOfHeaders(headers) }) });
  if (!head.target.startsWith('/')) return refusal('target-form');
  const verdict = judgePath(head.target, paths);
  if (verdict === 'alias') return refusal('path-alias');
  const isMcpPath = verdict === 'mcp';
  if (isMcpPath) {
    const rung = judgeMcpHead(head, headers);
    if (rung) return refusal(rung);
    return { kind: head.method === 'POST' ? 'body-needed' : 'pass', isMcpPath };
  }
  if (!headers.hasBody) return { kind: 'pass', isMcpPath };
  // It cannot be looked into, and JSON-RPC never passes.
  return headers.isCompressed ? refusal('content-encoding') : { kind: 'body-needed', isMcpPath };
}

/** Judges a whole body. What it accepts is to be forwarded byte for byte. Expected faults are values. */
export function classifyBody(body: Uint8Array, head: Head, isMcpPath: boolean): Classified {
  const headers = readHeaders(head.rawHeaders);
  const era = eraOfHeaders(headers);
  const fail = (rung: RungName, detail?: string): Classified => ({ ok: false, refusal: refuse(rung, { era, detail }) });
  // Again, for a caller that forgot the head must not open a hole.
  const headRung = isMcpPath ? judgeMcpHead(head, headers) : headers.isCompressed ? 'content-encoding' : undefined;
  if (headRung) return fail(headRung);
  const contentType = readContentType(headers.contentType);
  const opaque = (): Classified => (contentType.isReadable ? { ok: true, message: { kind: 'opaque' } } : fail('charset'));
  if ((contentType.isForm || !isMcpPath) && judgeOpening(body) !== 'json-like') return opaque();
  const scanned = scan(body);
  if (!isMcpPath) {
    if (!(scanned.ok ? scanned.envelope.resemblesJsonRpc : couldBeJsonRpc(body))) return opaque();
    const rung = judgeMcpHead(head, headers);
    if (rung) return fail(rung);
  }
  if (!contentType.isUtf8) return fail('charset');
  if (!scanned.ok) return fail(scanned.fault.rung, locate(scanned.fault));
  return judgeMessage(scanned.envelope, headers, era);
}

/** Tells from a body's first bytes that it is opaque, whatever follows; undecided: from those alone nothing can be told. */
export type JudgeStart = (bytes: Uint8Array) => 'opaque' | 'undecided' | 'to-be-read';

/** For a head that needs its body: undefined where the whole of it must be read, however it begins. */
export function startJudge(head: Head, isMcpPath: boolean): JudgeStart | undefined {
  const { isForm, isReadable } = readContentType(readHeaders(head.rawHeaders).contentType);
  if (!isReadable || (isMcpPath && !isForm)) return undefined;
  return (bytes) => {
    const opening = judgeOpening(bytes);
    return opening === 'other' ? 'opaque' : opening === 'json-like' ? 'to-be-read' : 'undecided';
  };
}

/** What holds for every request to an MCP path, and for JSON-RPC found elsewhere. */
function judgeMcpHead(head: Head, headers: HeaderFacts): RungName | undefined {
  if (head.method !== 'POST') {
    if (!bodilessMethods.has(head.method)) return 'method';
    if (headers.hasBody) return 'unexpected-body';
  }
  if (headers.misnamedOption !== undefined) return 'connection-option';
  if (hasConflictingSessions(headers, head.target)) return 'session-carriers';
  if (headers.repeatedOther.size > 0) return 'repeated-header';
  if (headers.repeatedMcp.size > 0) return 'repeated-mirror';
  return headers.isCompressed ? 'content-encoding' : undefined;
}

function locate({ atByte }: Fault): string | undefined {
  return atByte === undefined ? undefined : `byte ${atByte}`;
}
