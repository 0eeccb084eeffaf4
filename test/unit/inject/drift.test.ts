import { describe, expect, it } from 'vitest';
import { admit } from '../../../src/inject/admit.ts';
import { applyPatch } from '../../../src/inject/apply-patch.ts';
import { STATUS_KEY } from '../../../src/inject/names.ts';
import { standingOf } from '../../../src/inject/standing.ts';
import { PREFIX } from '../../../src/lib/prefix.ts';
import { facts, type SamplePod, samplePod } from './samples.ts';

const keys = (given: Readonly<Record<string, string>>) =>
  Object.fromEntries(Object.entries(given).map(([key, value]) => [PREFIX + key, value]));
const within = (namespace: Readonly<Record<string, string>>, defaults: Readonly<Record<string, string>> = {}) => ({
  ...facts,
  namespace: { ...facts.namespace, annotations: keys(namespace) },
  defaults: keys(defaults),
});
const ofNamespace = { redis: 'redis://a:6379', mode: 'shadow', 'on-redis-failure': 'open' };

/** As the webhook made it, and as it was edited since; undefined: the key was taken away. */
function running(own: Record<string, string>, at: typeof facts, edits: Readonly<Record<string, string | undefined>> = {}): SamplePod {
  const object = samplePod({ port: '3000', ...own });
  const admitted = admit({ kind: 'Pod', operation: 'CREATE', object }, at);
  expect(admitted.issues).toEqual([]);
  const pod = structuredClone(applyPatch(object, admitted.patch)) as SamplePod;
  for (const [key, value] of Object.entries(edits)) {
    if (value === undefined) delete pod.metadata.annotations[PREFIX + key];
    else pod.metadata.annotations[PREFIX + key] = value;
  }
  return pod;
}
const said = (pod: SamplePod, at: Parameters<typeof standingOf>[1]) => {
  const { state, reason } = standingOf(pod, at) ?? {};
  return reason === '' ? state : `${state}: ${reason}`;
};

describe('the configuration that a running pod has, beside the one that it would be given today', () => {
  it('[report:drift] is the same while namespace and defaults stay as they were', () => {
    for (const at of [within({}), within(ofNamespace), within({ mode: 'shadow' }, { redis: 'redis://c:6379' })])
      expect(said(running({}, at), at)).toBe('fresh');
  });

  it.each<[string, ReturnType<typeof within>, ReturnType<typeof within>, string]>([
    ["the namespace's redis is another", within(ofNamespace), within({ ...ofNamespace, redis: 'redis://b:6379' }), 'redis'],
    ['the namespace gives none any more', within(ofNamespace), within({}), 'mode, on-redis-failure, redis'],
    ['the namespace gives one now', within({}), within({ redis: 'redis://a:6379' }), 'redis'],
    ['the default is another', within({}, { redis: 'redis://c:6379' }), within({}, { redis: 'redis://d:6379' }), 'redis'],
    ['the namespace comes before the default now', within({}, { redis: 'redis://c:6379' }), within({ redis: 'redis://a:6379' }), 'redis'],
    ["the namespace's mode is another", within({ mode: 'shadow' }), within({ mode: 'enforce' }), 'mode'],
  ])('[report:drift] is stale where %s', (_what, then, now, what) => {
    expect(said(running({}, then), now)).toBe(`stale: it would inherit another ${what} today`);
  });

  it('[report:drift] is not stale where the pod has its own, whatever the namespace gives', () => {
    const pod = running({ redis: 'redis://mine:6379', mode: 'shadow' }, within({}));
    expect(said(pod, within({ ...ofNamespace, mode: 'enforce' }))).toBe('fresh');
  });

  it.each<[string, Readonly<Record<string, string | undefined>>]>([
    ['another mode', { mode: 'enforce' }],
    ['without its mode', { mode: undefined }],
    ['another limit and failure mode', { 'rate-limit': 'shared: 5/1s', 'on-redis-failure': 'closed' }],
    ['a failure mode less', { 'on-redis-failure': undefined }],
  ])('[report:drift] is not stale where it was retuned: %s', (_what, edits) => {
    const at = within(ofNamespace);
    expect(said(running({ 'rate-limit': 'shared: 1/1s' }, at, edits), at)).toBe('fresh');
    // What it inherited besides counts all the same.
    const moved = within({ ...ofNamespace, redis: 'redis://b:6379' });
    expect(said(running({ 'rate-limit': 'shared: 1/1s' }, at, edits), moved)).toContain('stale: it would inherit another redis');
  });

  it('[report:drift] is stale where what needs a restart was edited past the webhook, or the stamp was', () => {
    const at = within(ofNamespace);
    expect(said(running({}, at, { redis: 'redis://b:6379' }), at)).toContain('stale: its annotations are not those');
    expect(said(running({}, at, { port: undefined }), at)).toContain('stale: its annotations are not those');
    const pod = running({}, at);
    pod.metadata.annotations[STATUS_KEY] = (pod.metadata.annotations[STATUS_KEY] ?? '').replace(/"fixed":"....../, '"fixed":"000000');
    expect(said(pod, at)).toContain('stale: its annotations are not those');
  });

  it('[report:drift] is not called stale by what is not known', () => {
    const { defaults: _, ...at } = within({});
    expect(said(running({}, within({}, { redis: 'redis://c:6379' })), at)).toBe('fresh');
    const { namespace: __, ...images } = within({});
    expect(said(running({}, within(ofNamespace)), images)).toBe('fresh');
    // Of a webhook of another version, whose stamps may have other hashes.
    const pod = running({}, within(ofNamespace));
    pod.metadata.annotations[STATUS_KEY] = '{"version":"0.0.9","config":"0123456789abcdef"}';
    expect(said(pod, { ...within({}), version: '0.0.9' })).toBe('fresh');
  });

  it('[report:bounded] repeats no value of anybody', () => {
    const reason = said(running({}, within(ofNamespace)), within({ redis: 'redis://secret-name:6379' }));
    expect(reason).not.toMatch(/secret-name|redis:/);
  });
});
