import { connect } from 'node:net';
import type { EntryFault } from '../../sidecar/entry-fault.ts';
import { createEntryUpstream, type EntryUpstream, type EntryUpstreamDeps } from '../../sidecar/entry-upstream.ts';
import type { Failure, Flow, UpstreamRequest } from '../../sidecar/forward.ts';
import type { RemoteEntry } from '../../src/settings/settings.ts';

/** What stands for any server of the Internet, as loopback may not be reached. */
export const PUBLIC_ADDRESS = '93.184.216.34';

export function entryAt(url: string, more: Partial<RemoteEntry> = {}): RemoteEntry {
  return { name: 'docs', url, transport: 'streamable-http', allowPrivate: false, allowInsecure: false, headers: [], ...more };
}

/** An entry whose names all stand for a public address, and whose connections end at this machine's loopback. */
export function openEntry(entry: RemoteEntry, deps: Partial<EntryUpstreamDeps> = {}): EntryUpstream {
  return createEntryUpstream(entry, {
    caFile: undefined,
    ownAddresses: [],
    nowMs: Date.now,
    resolve: () => Promise.resolve([PUBLIC_ADDRESS]),
    openSocket: (_, port) => connect(port, '127.0.0.1'),
    ...deps,
  });
}

export type Answer =
  | { readonly status: number; readonly headers: readonly string[]; readonly body: string }
  | { readonly fault: EntryFault; readonly failure: Failure };

export interface Asked {
  readonly answer: Promise<Answer>;
  /** Settles with the status once the head is there. */
  readonly head: Promise<number>;
  readonly flow: Flow;
}

/** One request, and what becomes of it. */
export function ask(upstream: EntryUpstream, request: Partial<UpstreamRequest> = {}): Asked {
  const answer = Promise.withResolvers<Answer>();
  const head = Promise.withResolvers<number>();
  head.promise.catch(() => undefined);
  const chunks: Uint8Array[] = [];
  let headers: string[] = [];
  let status = 0;
  const full = { method: 'POST', target: '/mcp', headers: ['Host', 'docs.test'], body: Buffer.from('{}'), ...request };
  const flow = upstream.dispatch(full, {
    inform: () => undefined,
    begin: (code, _reason, rawHeaders) => {
      status = code;
      headers = rawHeaders.map((bytes) => Buffer.from(bytes).toString('latin1'));
      head.resolve(code);
    },
    write: (chunk) => {
      chunks.push(chunk);
      return true;
    },
    end: () => answer.resolve({ status, headers, body: Buffer.concat(chunks).toString() }),
    fail: (failure) => {
      head.reject(failure.error);
      answer.resolve({ fault: failure.error as EntryFault, failure });
    },
  });
  return { answer: answer.promise, head: head.promise, flow };
}

export async function faultOf(upstream: EntryUpstream, request?: Partial<UpstreamRequest>): Promise<EntryFault> {
  const answer = await ask(upstream, request).answer;
  if (!('fault' in answer)) throw new Error(`it answered with ${answer.status}`);
  return answer.fault;
}

export async function statusOf(upstream: EntryUpstream, request?: Partial<UpstreamRequest>): Promise<number> {
  const answer = await ask(upstream, request).answer;
  if ('fault' in answer) throw answer.fault;
  return answer.status;
}
