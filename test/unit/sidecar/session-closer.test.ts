import { describe, expect, it } from 'vitest';
import type { Sink, Upstream, UpstreamRequest } from '../../../sidecar/forward.ts';
import { Orphans } from '../../../sidecar/orphans.ts';
import { SessionCloser } from '../../../sidecar/session-closer.ts';

const closing = (id: string) => ({ id, target: '/mcp', protocolVersion: undefined, authorization: undefined });
const failure = { error: new Error('away'), wasSent: false, hadHead: false };

function upstreamOf(answer: (sink: Sink) => void) {
  const sent: UpstreamRequest[] = [];
  const upstream: Upstream = {
    dispatch(request, sink) {
      sent.push(request);
      answer(sink);
      return { resume: () => undefined, abort: () => undefined };
    },
    close: async () => undefined,
  };
  return { sent, closer: new SessionCloser(upstream, 'app:80') };
}

describe('what closes sessions at their server', () => {
  it('[gate:memory] asks eight at once, and the next when one has answered', async () => {
    const sinks: Sink[] = [];
    const { sent, closer } = upstreamOf((sink) => sinks.push(sink));
    for (let i = 0; i < 20; i++) closer.close(closing(`s${i}`));
    expect([sent.length, closer.waiting]).toEqual([8, 12]);
    sinks[0]?.end([]);
    sinks[1]?.fail(failure);
    await Promise.resolve();
    expect([sent.length, closer.waiting]).toEqual([10, 10]);
    expect(sent[9]).toMatchObject({ method: 'DELETE', target: '/mcp', headers: ['Host', 'app:80', 'Mcp-Session-Id', 's9'] });
  });

  it('[gate:memory] bounds what waits', () => {
    const { sent, closer } = upstreamOf(() => undefined);
    const session = closing('s');
    let taken = 0;
    while (taken < 200_000 && closer.close(session)) taken += 1;
    expect([sent.length, closer.waiting, taken]).toEqual([8, 100_000, 100_008]);
  });

  it('[gate:memory] bounds what waits also where clients make it long', async () => {
    const sinks: Sink[] = [];
    const { closer } = upstreamOf((sink) => sinks.push(sink));
    const authorization = 'a'.repeat(1024 * 1024 - 5);
    const session = { ...closing('s'), authorization };
    let taken = 0;
    while (taken < 1_000 && closer.close(session)) taken += 1;
    expect([taken, closer.waiting]).toEqual([72, 64]);
    sinks[0]?.end([]);
    await Promise.resolve();
    expect([closer.close(session), closer.close(session)]).toEqual([true, false]);
  });

  it('[gate:memory] comes through a long queue where every attempt fails at once', async () => {
    const sinks: Sink[] = [];
    let isAway = false;
    const { sent, closer } = upstreamOf((sink) => (isAway ? sink.fail(failure) : sinks.push(sink)));
    for (let i = 0; i < 20_000; i++) closer.close(closing(`s${i}`));
    isAway = true;
    for (const sink of sinks) sink.fail(failure);
    while (closer.waiting > 0) await Promise.resolve();
    expect(sent).toHaveLength(20_000);
  });
});

describe('requests whose clients have left', () => {
  it('[gate:memory] are bounded, and aborted once they are heard or given up', () => {
    const orphans = new Orphans();
    const aborted: number[] = [];
    const flows = Array.from({ length: 300 }, (_, i) => ({ resume: () => undefined, abort: () => void aborted.push(i) }));
    expect(flows.map((flow) => orphans.keep(flow, () => undefined)).filter(Boolean)).toHaveLength(256);
    if (flows[3] !== undefined) orphans.leave(flows[3]);
    expect([aborted, orphans.count]).toEqual([[3], 255]);
    orphans.stop();
    expect([aborted.length, orphans.count]).toEqual([256, 0]);
  });
});
