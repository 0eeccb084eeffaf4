import { describe, expect, it } from 'vitest';
import { shortHash, stamp } from '../../../src/inject/stamp.ts';
import { KubeError, type KubeObject, kubePaths, type PageQuery } from '../../../webhook/kube-api.ts';
import { sweepPods } from '../../../webhook/pod-sweep.ts';
import { createFakeKube } from '../../support/fake-kube.ts';

const nowMs = Date.parse('2026-11-21T12:00:00Z');
const images = { image: 'ours:2', allowedImages: ['ours:2', 'ours:1'] };
const sidecar = { name: 'mcp-sluice', image: 'ours:2', restartPolicy: 'Always', args: ['sidecar', '--in-pod'] };

interface Sketch {
  readonly namespace?: string;
  readonly isLabelled?: boolean;
  readonly init?: readonly object[];
  readonly status?: object;
  readonly deletionTimestamp?: string;
  /** Annotations beside `inject`. */
  readonly more?: Readonly<Record<string, string>>;
  readonly inherited?: Readonly<Record<string, string>>;
}
function setup() {
  const kube = createFakeKube();
  const queries: PageQuery[] = [];
  const { list } = kube;
  Object.assign(kube, {
    list(path: string, query: PageQuery) {
      queries.push(query);
      return list(path, query);
    },
  });
  const add = (
    name: string,
    { namespace = 'shop', isLabelled = true, init = [sidecar], status = {}, deletionTimestamp, more = {}, inherited = {} }: Sketch = {},
  ) => {
    const own = { 'mcp-sluice.dev/inject': 'true', ...more };
    const annotations = { ...own, 'mcp-sluice.dev/status': stamp(own, { inherited }) };
    const labels = isLabelled ? { 'mcp-sluice.dev/injected': 'true' } : {};
    const metadata = { name, namespace, annotations, labels, ...(deletionTimestamp !== undefined && { deletionTimestamp }) };
    kube.put(kubePaths.pod(namespace, name), { metadata, spec: { initContainers: init }, status });
  };
  const asked: string[] = [];
  const given: Record<string, string> = {};
  const namespace = async (name: string) => {
    asked.push(name);
    return name === 'exempt' ? undefined : { annotations: given };
  };
  const sweep = (defaults = {}) => sweepPods({ api: kube, today: { ...images, defaults }, namespace, clock: () => nowMs });
  return { kube, add, sweep, queries, asked, given };
}
const names = (findings: readonly { readonly pod: KubeObject; readonly what: string }[]) =>
  findings.map(({ pod, what }) => `${what} ${pod.metadata?.name}`);

describe('the report on running pods', () => {
  it('[report:states] counts each, and finds those that somebody should look at', async () => {
    const { add, sweep, kube } = setup();
    add('fresh');
    add('stale', { init: [{ ...sidecar, image: 'ours:1' }] });
    add('forged', { init: [{ ...sidecar, image: 'evil:2' }] });
    add('naked', { isLabelled: false, init: [] });
    add('unlabelled', { isLabelled: false });
    kube.put(kubePaths.pod('shop', 'other'), { metadata: { name: 'other', namespace: 'shop' }, spec: {} });
    const { counts, findings } = await sweep();
    expect(counts).toEqual({ fresh: 1, stale: 1, naked: 1, forged: 2, unready: 0 });
    expect(names(findings).toSorted()).toEqual(['forged forged', 'forged unlabelled', 'naked naked']);
  });

  it('[report:drift] counts as stale what would inherit another value today, and asks for each namespace once', async () => {
    const { add, sweep, asked, given } = setup();
    for (let index = 0; index < 60; index++) add(`own-${index}`, { more: { 'mcp-sluice.dev/redis': 'redis://mine:6379' } });
    for (let index = 0; index < 60; index++) {
      const redis = 'redis://of-namespace:6379';
      const inherited = { redis: `namespace ${shortHash(redis)}` };
      add(`heir-${index}`, { namespace: 'other', more: { 'mcp-sluice.dev/redis': redis }, inherited });
    }
    given['mcp-sluice.dev/redis'] = 'redis://of-namespace:6379';
    expect((await sweep()).counts).toMatchObject({ fresh: 120, stale: 0 });
    given['mcp-sluice.dev/redis'] = 'redis://moved:6379';
    expect((await sweep()).counts).toMatchObject({ fresh: 60, stale: 60 });
    expect(asked.toSorted()).toEqual(['other', 'other', 'shop', 'shop']);
  });

  it('[report:entries] names the pods with remote entries, ready as they are', async () => {
    const { add, sweep, kube } = setup();
    add('plain');
    add('with');
    const path = kubePaths.pod('shop', 'with');
    const pod = kube.objects.get(path) as KubeObject;
    const annotations = { ...pod.metadata?.annotations, 'mcp-sluice.dev/remote-entries': '[]' };
    Object.assign(annotations, { 'mcp-sluice.dev/status': stamp(annotations) });
    kube.put(path, { ...pod, metadata: { ...pod.metadata, annotations } });
    const { withEntries, findings } = await sweep();
    expect([withEntries.map(({ metadata }) => metadata?.name), findings]).toEqual([['with'], []]);
    // Two hundred pods of a megabyte each would not fit into our memory.
    expect(Object.keys(withEntries[0] ?? {}).toSorted()).toEqual(['metadata', 'status']);
  });

  it('[report:cost] reads whole only pods of ours: of all others the metadata, and nothing that has ended', async () => {
    const { kube, sweep, queries } = setup();
    for (let index = 0; index < 1200; index++)
      kube.put(kubePaths.pod('shop', `p-${index}`), { metadata: { name: `p-${index}`, namespace: 'shop' }, spec: {} });
    await sweep();
    expect(queries).toHaveLength(1 + 6);
    expect(
      queries.slice(1).every(({ isMetadataOnly, labelSelector }) => isMetadataOnly && labelSelector === '!mcp-sluice.dev/injected'),
    ).toBe(true);
    expect(queries.every(({ fieldSelector }) => fieldSelector === 'status.phase!=Succeeded,status.phase!=Failed')).toBe(true);
    expect(kube.calls.every((call) => call === 'GET /api/v1/pods')).toBe(true);
  });

  it('[report:bounded] finds two hundred, and counts on without reading more', async () => {
    const { add, sweep, kube } = setup();
    for (let index = 0; index < 300; index++) add(`n-${index}`, { isLabelled: false, init: [] });
    const { counts, findings } = await sweep();
    expect([counts.naked, findings.length]).toEqual([300, 200]);
    expect(kube.calls.filter((call) => call.includes('/namespaces/'))).toHaveLength(200);
  });

  it('[report:states] leaves out namespaces that the policies leave out, and pods on their way out', async () => {
    const { add, sweep } = setup();
    add('exempt-naked', { namespace: 'exempt', isLabelled: false, init: [] });
    add('exempt-forged', { namespace: 'exempt', init: [] });
    add('leaving', { isLabelled: false, init: [], deletionTimestamp: '2026-11-21T12:00:00Z' });
    expect((await sweep()).counts).toEqual({ fresh: 0, stale: 0, naked: 0, forged: 0, unready: 0 });
  });

  it('[report:unready] finds sidecars that have not been ready for a minute, with what the kubelet says', async () => {
    const { add, sweep } = setup();
    const status = (seconds: number, more: object = {}) => {
      const startTime = new Date(nowMs - seconds * 1000).toISOString();
      return { startTime, initContainerStatuses: [{ name: 'mcp-sluice', ready: false, ...more }] };
    };
    add('starting', { status: status(30) });
    add('waiting', { status: status(90) });
    add('ready', { status: status(90, { ready: true }) });
    add('broken', { status: status(90, { state: { waiting: { reason: 'ErrImagePull', message: 'no such image' } } }) });
    add('restarted', { status: status(900, { state: { running: { startedAt: new Date(nowMs - 5000).toISOString() } } }) });
    add('unknown', { status: {} });
    const { counts, findings } = await sweep();
    expect([counts.fresh, counts.unready]).toEqual([6, 2]);
    expect(findings.map(({ pod, reason }) => [pod.metadata?.name, reason]).toSorted()).toEqual([
      ['broken', 'ErrImagePull: no such image'],
      ['waiting', ''],
    ]);
  });

  it('[report:cost] asks for smaller pages where one is too large or too slow, and loses no pod', async () => {
    const { add, sweep, kube } = setup();
    for (let index = 0; index < 250; index++) add(`p-${index}`);
    const { list } = kube;
    const isRefused = ({ limit, from }: PageQuery) => limit > 20 && from !== undefined;
    Object.assign(kube, {
      list: (path: string, query: PageQuery) => (isRefused(query) ? Promise.reject(new KubeError(0, 'over 8 MiB')) : list(path, query)),
    });
    expect((await sweep()).counts.fresh).toBe(250);
    Object.assign(kube, { list: () => Promise.reject(new KubeError(0, 'away')) });
    await expect(sweep()).rejects.toThrow('away');
  });
});
