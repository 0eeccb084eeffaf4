import { beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import type { Caller } from '../../../sidecar/caller.ts';
import type { Exchange } from '../../../sidecar/exchange.ts';
import { Orphans } from '../../../sidecar/orphans.ts';
import { ServerTraits } from '../../../sidecar/server-traits.ts';
import { SessionBook, SessionRecord } from '../../../sidecar/session-book.ts';
import { SessionCloser } from '../../../sidecar/session-closer.ts';
import { SessionGate } from '../../../sidecar/session-gate.ts';
import { FIRST_EVENT_MS } from '../../../sidecar/session-visit.ts';
import { readHeaders } from '../../../src/mcp/headers.ts';
import type { Message } from '../../../src/mcp/message.ts';
import { createConcurrencyAdmission } from '../../../src/policy/concurrency-admission.ts';
import type { Found, Reserved } from '../../../src/policy/session-admission.ts';
import { DEFAULT_SESSIONS } from '../../../src/settings/sessions.ts';

let reserve: (reserved: Reserved) => void = () => undefined;
let found: Found = { kind: 'unknown' };
const asked: string[] = [];
const told: string[] = [];
const book = new SessionBook();
const upstream = {
  dispatch({ method, headers }: { method: string; headers: readonly string[] }) {
    asked.push(`${method} ${headers[3]}`);
    return { resume: () => undefined, abort: () => undefined };
  },
  close: async () => undefined,
};
const gate = new SessionGate({
  book,
  closer: new SessionCloser(upstream, 'app'),
  orphans: new Orphans(),
  traits: new ServerTraits(),
  metrics: {
    countSessionOpened: () => undefined,
    countSessionEnded: (reason) => told.push(reason),
    countSessionAnomaly: () => undefined,
  },
  admission: {
    reserve: () =>
      new Promise<Reserved>((resolve) => {
        reserve = resolve;
      }),
    find: async () => found,
  },
  concurrency: createConcurrencyAdmission(DEFAULT_SESSIONS),
});

let finished: number;
beforeEach(() => {
  asked.length = 0;
  told.length = 0;
  finished = 0;
  const held = { begin: () => true as const, finish: () => undefined, end: () => undefined };
  const record = book.add(new SessionRecord({ id: 'one', client: undefined, held, target: '/mcp' }));
  record.streams.add({ finish: () => void finished++ } as Partial<Exchange> as Exchange);
});

function callerOf(message: Message, leave: (listener: () => void) => void, target = '/mcp'): Caller {
  const exchange = { onClose: leave } as Partial<Exchange> as Exchange;
  const about = { method: 'POST', target, rawHeaders: [], headers: readHeaders([]), isMcpPath: true, body: undefined };
  return { ...about, exchange, message, client: undefined, isShadow: false };
}

describe('a place', () => {
  it('[gate:released] falls free where the client left while it was asked for', async () => {
    let leave: () => void = () => undefined;
    let released = 0;
    const initialize: Message = { kind: 'request', era: 'legacy', method: 'initialize', id: '1' };
    const admitted = gate.admit(
      callerOf(initialize, (listener) => {
        leave = listener;
      }),
    );
    leave();
    reserve({ ok: true, slot: { confirm: () => expect.fail('nothing was opened'), release: () => void released++ } });
    await admitted;
    expect(released).toBe(1);
  });
});

describe('a stream on which nothing is heard', () => {
  it('[gate:stateless] gives its place back after a while, as servers without sessions open such streams', async () => {
    vi.useFakeTimers();
    onTestFinished(() => void vi.useRealTimers());
    let released = 0;
    const rawHeaders = ['Accept', 'text/event-stream'];
    const caller = { ...callerOf({ kind: 'opaque' }, () => undefined), method: 'GET', rawHeaders, headers: readHeaders(rawHeaders) };
    const admitted = gate.admit(caller);
    reserve({ ok: true, slot: { confirm: () => expect.fail('nothing was opened'), release: () => void released++ } });
    const { visit } = await admitted;
    visit.answered(200, ['Content-Type', 'text/event-stream']);
    vi.advanceTimersByTime(FIRST_EVENT_MS - 1);
    expect(released).toBe(0);
    vi.advanceTimersByTime(1);
    expect(released).toBe(1);
    visit.close();
    expect(released).toBe(1);
  });
});

describe('a message for a stream that is gone', () => {
  it('[gate:freed] goes to the server, and the place that the stream had before a restart falls free', async () => {
    let ends = 0;
    found = { kind: 'resumed', session: { begin: () => true, finish: () => undefined, end: () => void ends++ } };
    const ask: Message = { kind: 'request', era: 'legacy', method: 'tools/list', id: '1' };
    const { refused } = await gate.admit(callerOf(ask, () => undefined, '/message?sessionId=a'));
    expect([refused, ends]).toEqual([undefined, 1]);
  });
});

describe('a session that the admission ended', () => {
  it.each(['idle', 'lifetime', 'evicted'] as const)('[gate:reaped] is closed upstream and its streams end: %s', (reason) => {
    gate.ended('one', reason, { isShadow: false });
    expect([asked, finished, told, book.size]).toEqual([['DELETE one'], 1, [reason], 0]);
    gate.ended('one', reason, { isShadow: false });
    expect(asked).toHaveLength(1);
  });

  it('[gate:elsewhere] goes on upstream where another pod has it', () => {
    gate.ended('one', 'lost', { isShadow: false });
    expect([asked, finished, told, book.size]).toEqual([[], 0, ['lost'], 0]);
  });

  it('[gate:shadow] goes on upstream in shadow mode', () => {
    gate.ended('one', 'idle', { isShadow: true });
    expect([asked, finished, told, book.size]).toEqual([[], 0, ['idle'], 0]);
  });
});
