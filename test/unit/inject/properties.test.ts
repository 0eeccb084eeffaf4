import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { admit } from '../../../src/inject/admit.ts';
import { applyPatch } from '../../../src/inject/apply-patch.ts';
import { PREFIX } from '../../../src/lib/prefix.ts';
import { facts, restricted, type SamplePod, samplePod } from './samples.ts';

const SETTINGS = {
  port: '3000',
  'rate-limit': 'shared: 3/1m',
  'bind-env': 'HOST=127.0.0.1',
};
const WITH_ENTRIES = {
  ...SETTINGS,
  'remote-entries':
    '[{name: one, url: https://a.example, caBundle: {configMap: ca}, headers: [{name: X, secret: s, key: k}]}, {name: two, url: https://b.example}]',
};
const create = (object: unknown) => ({ kind: 'Pod', operation: 'CREATE' as const, object });
const isOurName = ({ name }: { name: string }) => name.startsWith('mcp-sluice');

function inject(pod: unknown, using = facts): SamplePod {
  const admitted = admit(create(pod), using);
  expect(admitted.issues).toEqual([]);
  return applyPatch(pod, admitted.patch) as SamplePod;
}

/** What is ours in a pod, without its place. */
function oursOf({ metadata, spec }: SamplePod) {
  const annotations = Object.entries(metadata.annotations).filter(([key]) => key.startsWith(PREFIX));
  const env = spec.containers.find((each) => each['env'])?.['env'];
  return {
    containers: spec.initContainers?.filter(isOurName),
    volumes: spec.volumes?.filter(isOurName),
    annotations: new Map(annotations),
    env,
  };
}

/** The pod without what injection put there. */
function withoutOurs(pod: SamplePod): SamplePod {
  const copy = structuredClone(pod);
  for (const list of ['initContainers', 'volumes'] as const) {
    copy.spec[list] = copy.spec[list]?.filter((each) => !isOurName(each)) as never;
  }
  for (const key of [`${PREFIX}status`, `${PREFIX}redis`]) delete copy.metadata.annotations[key];
  const metadata = copy.metadata as { labels?: Record<string, string> };
  if (metadata.labels) delete metadata.labels[`${PREFIX}injected`];
  if (metadata.labels && Object.keys(metadata.labels).length === 0) delete metadata.labels;
  for (const container of [...copy.spec.containers, ...(copy.spec.initContainers ?? [])]) {
    if (!container['env']) continue;
    const env = (container['env'] as { name: string }[]).filter(({ name }) => name !== 'HOST' && !name.startsWith('MCP_ENTRY_'));
    if (env.length > 0) container['env'] = env;
    else delete container['env'];
  }
  return copy;
}

// No field of Kubernetes begins so; slashes and tildes try the pointers.
const strangeKey = fc.string({ maxLength: 6 }).map((text) => `~x/${text}`);

/** Adds the keys to objects anywhere in the value, chosen by the numbers. */
function strew(root: unknown, extras: readonly { at: number; key: string; value: unknown }[]): void {
  const objects: Record<string, unknown>[] = [];
  const walk = (value: unknown) => {
    if (typeof value !== 'object' || value === null) return;
    if (!Array.isArray(value)) objects.push(value as Record<string, unknown>);
    for (const inner of Object.values(value)) walk(inner);
  };
  walk(root);
  for (const { at, key, value } of extras) {
    const target = objects[at % objects.length] as Record<string, unknown>;
    // Annotations and labels hold text only.
    target[key] = Object.values(target).every((each) => typeof each === 'string') ? 'text' : value;
  }
}

describe('injection', () => {
  it('[inject:unknown-fields] leaves fields that nobody knows where they are, anywhere in the object', () => {
    const extra = fc.record({ at: fc.nat(), key: strangeKey, value: fc.jsonValue() });
    fc.assert(
      fc.property(fc.array(extra, { minLength: 1, maxLength: 12 }), fc.constantFrom(facts, restricted), (extras, using) => {
        const pod = samplePod(WITH_ENTRIES);
        strew(pod, extras);
        expect(withoutOurs(inject(pod, using))).toEqual(pod);
      }),
    );
  });

  it('[inject:idempotent] changes nothing when it is applied again', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(facts, restricted),
        fc.subarray(Object.keys(WITH_ENTRIES) as (keyof typeof WITH_ENTRIES)[]),
        (using, keys) => {
          const injected = inject(samplePod(Object.fromEntries(keys.map((key) => [key, WITH_ENTRIES[key]]))), using);
          expect(admit(create(injected), using).patch).toEqual([]);
        },
      ),
    );
  });

  it('[inject:after-others] gives the same parts of ours after any other mutator', () => {
    const container = fc.record({ name: fc.constantFrom('istiod-less', 'agent', 'vault'), ports: fc.constant([{ containerPort: 8125 }]) });
    const mutation = fc.record({
      order: fc.func(fc.nat()),
      containers: fc.array(container, { maxLength: 2 }),
      initContainers: fc.array(fc.record({ name: fc.constantFrom('setup', 'copy'), image: fc.string() }), { maxLength: 2 }),
      volumes: fc.array(fc.record({ name: fc.constantFrom('token', 'cache') }), { maxLength: 2 }),
      suffix: fc.string(),
    });
    fc.assert(
      fc.property(mutation, fc.constantFrom(facts, restricted), ({ order, suffix, ...added }, using) => {
        const injected = inject(samplePod(SETTINGS), using);
        const other = structuredClone(injected);
        const shuffle = <T>(list: T[], extra: T[]): T[] =>
          [...list, ...extra]
            .map((each) => [order(each), each] as const)
            .sort(([a], [b]) => a - b)
            .map(([, each]) => each);
        other.spec.containers = shuffle(other.spec.containers, added.containers).map((each) => ({ ...each, name: each.name + suffix }));
        other.spec.initContainers = shuffle(other.spec.initContainers ?? [], added.initContainers);
        other.spec.volumes = shuffle(other.spec.volumes ?? [], added.volumes);
        other.metadata.annotations['other/annotation'] = suffix;
        const again = inject(other, using);
        const byName = (pod: SamplePod) => ({
          ...oursOf(pod),
          volumes: new Map(oursOf(pod).volumes?.map((each) => [each.name, each])),
          containers: new Map(oursOf(pod).containers?.map((each) => [each.name, each])),
        });
        expect(byName(again)).toEqual(byName(injected));
        expect(again).toEqual(other);
      }),
    );
  });

  it('[inject:repairs] brings back whatever somebody changed in our own container', () => {
    const injected = inject(samplePod(WITH_ENTRIES));
    fc.assert(
      fc.property(
        strangeKey,
        fc.jsonValue(),
        fc.constantFrom('args', 'securityContext', 'volumeMounts', 'readinessProbe'),
        (key, value, field) => {
          const other = structuredClone(injected);
          const [sidecar] = other.spec.initContainers ?? [];
          if (!sidecar) throw new Error('no sidecar');
          sidecar[key] = value;
          sidecar[field] = value;
          expect(inject(other)).toEqual(injected);
        },
      ),
    );
  });

  it('[inject:total] judges any JSON at all without an exception', () => {
    const kinds = fc.constantFrom('Pod', 'Deployment', 'CronJob', 'Job', 'Service');
    const object = fc.oneof(
      fc.jsonValue(),
      fc.record({ metadata: fc.record({ annotations: fc.constant({ [`${PREFIX}inject`]: 'true' }) }), spec: fc.jsonValue() }),
    );
    fc.assert(
      fc.property(kinds, object, object, fc.constantFrom('CREATE' as const, 'UPDATE' as const), (kind, now, before, operation) => {
        const admitted = admit({ kind, operation, object: now, oldObject: before }, facts);
        expect(admitted.allowed).toBe(admitted.outcome !== 'denied');
      }),
    );
  });
});
