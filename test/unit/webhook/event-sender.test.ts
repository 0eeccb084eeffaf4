import { describe, expect, it } from 'vitest';
import { createEventSender, type EventFate, type Occurrence } from '../../../webhook/event-sender.ts';
import { KubeError } from '../../../webhook/kube-api.ts';
import { createFakeKube } from '../../support/fake-kube.ts';

const nowMs = Date.parse('2026-11-21T12:34:56.789Z');
const owner = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'cart', namespace: 'shop', uid: 'u-d' };
const podOf = (name: string) => ({ apiVersion: 'v1', kind: 'Pod', name, namespace: 'shop', uid: `u-${name}` });
const occurrence = (changes: Partial<Occurrence> = {}): Occurrence => ({
  ...{ reason: 'SidecarMissing', note: 'pod cart-1: why', owner, pod: podOf('cart-1') },
  ...changes,
});

function setup(kube = createFakeKube()) {
  let atMs = nowMs;
  const fates: EventFate[] = [];
  const sender = createEventSender({ api: kube, instance: 'w-1', clock: () => atMs, onFate: (_reason, fate) => fates.push(fate) });
  const later = (ms: number) => {
    atMs += ms;
  };
  return { kube, sender, fates, events: () => [...kube.objects.values()], later };
}

describe('events for owners', () => {
  it('[report:events] are as events.k8s.io/v1 wants them, on the owner, with the pod beside it', async () => {
    const { sender, kube, events } = setup();
    sender.send(occurrence());
    await sender.settled();
    expect(kube.calls).toEqual(['POST /apis/events.k8s.io/v1/namespaces/shop/events']);
    expect(events()).toEqual([
      {
        ...{ apiVersion: 'events.k8s.io/v1', kind: 'Event', eventTime: '2026-11-21T12:34:56.789000Z', type: 'Warning' },
        metadata: { name: expect.stringMatching(/^cart\.[0-9a-f]{16}$/), namespace: 'shop', resourceVersion: '1' },
        ...{ reason: 'SidecarMissing', action: 'Report', note: 'pod cart-1: why', regarding: owner, related: podOf('cart-1') },
        ...{ reportingController: 'mcp-sluice.dev/webhook', reportingInstance: 'w-1' },
      },
    ]);
  });

  it('[report:events] are one for all pods of an owner, and one more after an hour', async () => {
    const { sender, events, fates, later } = setup();
    for (let index = 0; index < 50; index++) sender.send(occurrence({ pod: podOf(`cart-${index}`), note: `pod cart-${index}` }));
    await sender.settled();
    expect(events()).toHaveLength(1);
    sender.send(occurrence({ reason: 'SidecarForged' }));
    later(3_600_000);
    sender.send(occurrence());
    await sender.settled();
    expect(events()).toHaveLength(3);
    expect(fates.filter((fate) => fate === 'sent')).toHaveLength(3);
  });

  it('[report:events] are one where two replicas, or one that restarted, have the same to say', async () => {
    const { kube, sender, events } = setup();
    const second = setup(kube);
    for (const each of [sender, second.sender]) each.send(occurrence());
    await Promise.all([sender.settled(), second.sender.settled()]);
    expect(events()).toHaveLength(1);
    expect(second.fates).toEqual(['known']);
  });

  it('[report:bounded] are dropped, and sent at the next look, while too many wait', async () => {
    const { kube, sender, events, fates } = setup();
    const { create } = kube;
    let release = (): void => undefined;
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    Object.assign(kube, { create: (...args: Parameters<typeof create>) => held.then(() => create(...args)) });
    const all = Array.from({ length: 200 }, (_, index) => occurrence({ owner: { ...owner, name: `o-${index}`, uid: `u-${index}` } }));
    for (const each of all) sender.send(each);
    expect(fates.filter((fate) => fate === 'dropped')).toHaveLength(99);
    release();
    await sender.settled();
    for (const each of all) sender.send(each);
    await sender.settled();
    expect(events()).toHaveLength(200);
  });

  it('[report:events] that could not be sent are tried again, and hold up no other', async () => {
    const { kube, sender, events, fates } = setup();
    kube.fail(new KubeError(403, 'forbidden'));
    sender.send(occurrence());
    await sender.settled();
    kube.fail(undefined);
    sender.send(occurrence());
    await sender.settled();
    expect([fates, events().length]).toEqual([['failed', 'sent'], 1]);
  });

  it('[report:bounded] keep to the lengths of names and notes', async () => {
    const { sender, events } = setup();
    sender.send(occurrence({ owner: { ...owner, name: `${'a'.repeat(199)}-${'b'.repeat(53)}` }, note: 'n'.repeat(5000) }));
    await sender.settled();
    const [event] = events();
    expect(event?.metadata?.name).toMatch(/^a{199}\.[0-9a-f]{16}$/);
    expect(event?.['note']).toHaveLength(1024);
  });
});
