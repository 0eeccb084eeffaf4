import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { admit } from '../../../src/inject/admit.ts';
import { applyPatch } from '../../../src/inject/apply-patch.ts';
import type { Facts } from '../../../src/inject/facts.ts';
import { listAt, textAt, valueAt } from '../../../src/inject/raw.ts';
import { TEMPLATES } from '../../../src/inject/workload.ts';
import { ADMIN_PORT } from '../../../src/lib/ports.ts';
import { readGoldens } from './golden-file.ts';
import { facts, type SamplePod, samplePod } from './samples.ts';

type Container = SamplePod['spec']['containers'][number];
const LISTS = ['containers', 'initContainers', 'volumes'] as const;
const isOurs = ({ name }: { readonly name: string }) => name === 'mcp-sluice' || name.startsWith('mcp-sluice-');

function inject(pod: unknown, using: Facts): SamplePod {
  const admitted = admit({ kind: 'Pod', operation: 'CREATE', object: pod }, using);
  expect(admitted.issues).toEqual([]);
  return applyPatch(pod, admitted.patch) as SamplePod;
}
const listOf = (pod: SamplePod, list: (typeof LISTS)[number]): { name: string }[] => pod.spec[list] ?? [];
const byName = (all: readonly { readonly name: string }[]) => new Map(all.map((each) => [each.name, each]));
const ours = (pod: SamplePod) => LISTS.map((list) => byName(listOf(pod, list).filter(isOurs)));
/** All that is not ours, in its order. */
const theirs = (pod: SamplePod) => LISTS.map((list) => listOf(pod, list).flatMap((each) => (isOurs(each) ? [] : [untold(each)])));
/** Without the variables of entries, which are ours in their containers: newcomers are told as well. */
function untold(container: object): object {
  const { env, ...rest } = container as { env?: { name: string }[] };
  const others = env?.filter(({ name }) => !name.startsWith('MCP_ENTRY_')) ?? [];
  return others.length === 0 ? rest : { ...rest, env: others };
}

/** A pod of each golden situation that ends with a sidecar. */
const injectable = readGoldens()
  .filter(({ input, facts: using }) => input.kind === 'Pod' && admit(input, using).outcome === 'injected')
  .map(({ name, input, facts: using }) => ({ name, pod: input.object as SamplePod, using }));

type Mutator = (pod: SamplePod) => void;
const place = <T>(list: T[], at: number, item: T) => void list.splice(at % (list.length + 1), 0, item);
const ports = fc.subarray([
  { name: 'metrics', containerPort: 9999 },
  { name: 'mcp', containerPort: 9090 },
  { containerPort: 8125, protocol: 'UDP' },
]);
const container = fc.record({ name: fc.constantFrom('agent', 'vault', 'otel'), image: fc.constant('example.com/agent:1'), ports });

/** A pod of remote entries only gets a server with a port named `mcp`, as it would have had at first: a case of its own. */
function newcomer(pod: SamplePod, each: Container): Container {
  const hasServer = JSON.stringify(pod.spec.initContainers ?? []).includes('--port=');
  return { ...each, ports: listAt(each, 'ports').filter((port) => hasServer || textAt(port, 'name') !== 'mcp') };
}

/** What other webhooks and the apiserver's own plugins do to a pod between two of our calls. */
const mutator: fc.Arbitrary<Mutator> = fc.oneof(
  fc.tuple(container, fc.nat()).map(
    ([each, at]) =>
      (pod: SamplePod) =>
        place(pod.spec.containers, at, newcomer(pod, each)),
  ),
  fc.tuple(container, fc.nat(), fc.boolean()).map(([each, at, isNative]) => (pod: SamplePod) => {
    pod.spec.initContainers ??= [];
    const added: Container = newcomer(pod, each);
    place<Container>(pod.spec.initContainers, at, isNative ? { ...added, restartPolicy: 'Always' } : { ...added, ports: [] });
  }),
  fc.tuple(fc.constantFrom(...LISTS), fc.func(fc.nat())).map(([list, order]) => (pod: SamplePod) => {
    listOf(pod, list).sort((a, b) => order(a.name) - order(b.name));
  }),
  fc.stringMatching(/^[a-z]{3,8}$/).map((suffix) => (pod: SamplePod) => {
    for (const each of [...pod.spec.containers, ...(pod.spec.initContainers ?? [])])
      if (!isOurs(each) && !isMesh(each)) each.name += `-${suffix}`;
  }),
  // The service account's token, in every container (ServiceAccount).
  fc.constant((pod: SamplePod) => {
    pod.spec.volumes = [...(pod.spec.volumes ?? []).filter(({ name }) => name !== 'kube-api-access'), { name: 'kube-api-access' }];
    for (const each of [...pod.spec.containers, ...(pod.spec.initContainers ?? [])])
      each['volumeMounts'] = [...listAt(each, 'volumeMounts'), { name: 'kube-api-access', mountPath: '/var/run/secrets' }];
  }),
  // Environment in every container, ours among them (OpenTelemetry's operator).
  fc.constant((pod: SamplePod) => {
    for (const each of [...pod.spec.containers, ...(pod.spec.initContainers ?? [])])
      each['env'] = [...listAt(each, 'env'), { name: 'OTEL_SERVICE_NAME', value: 'x' }];
  }),
  fc.dictionary(fc.constantFrom('a/b', 'c'), fc.string()).map((more) => (pod: SamplePod) => {
    Object.assign(pod.metadata.annotations, more);
  }),
);
const isMesh = ({ name }: { readonly name: string }) => ['istio-proxy', 'linkerd-proxy'].includes(name);

describe('after foreign mutators', () => {
  it('[inject:foreign] ours are the same again in one round, in any golden situation, and the rest is as they left it', () => {
    fc.assert(
      fc.property(fc.constantFrom(...injectable), fc.array(mutator, { minLength: 1, maxLength: 5 }), ({ pod, using }, mutators) => {
        const first = inject(pod, using);
        const other = structuredClone(first);
        for (const mutate of mutators) mutate(other);
        const again = inject(other, using);
        expect(ours(again)).toEqual(ours(first));
        expect(theirs(again)).toEqual(theirs(other));
        expect(admit({ kind: 'Pod', operation: 'CREATE', object: again }, using).patch).toEqual([]);
      }),
      { numRuns: 200 },
    );
  });

  it('[inject:foreign] a template that the CLI injected is the same again, too', () => {
    const intoTemplate = (pod: SamplePod, using: Facts): SamplePod => {
      const { metadata, spec } = pod;
      const object = { kind: 'Deployment', metadata: { name: 'everything' }, spec: { template: { metadata, spec } } };
      const admitted = admit({ kind: 'Deployment', operation: 'CREATE', object }, using, 'templates');
      expect(admitted.issues).toEqual([]);
      return { ...pod, ...(valueAt(applyPatch(object, admitted.patch), ['spec', 'template']) as SamplePod) };
    };
    fc.assert(
      fc.property(fc.constantFrom(...injectable), fc.array(mutator, { minLength: 1, maxLength: 5 }), ({ pod, using }, mutators) => {
        const first = intoTemplate(pod, using);
        const other = structuredClone(first);
        for (const mutate of mutators) mutate(other);
        const again = intoTemplate(other, using);
        expect(ours(again)).toEqual(ours(first));
        expect(theirs(again)).toEqual(theirs(other));
        expect(intoTemplate(again, using)).toEqual(again);
      }),
    );
  });

  it('[inject:foreign] another injector that insists on its place and on its own parts never fights with us', () => {
    const insistent = (pod: SamplePod): SamplePod => {
      const all = (pod.spec.initContainers ?? []).filter(({ name }) => name !== 'first');
      return { ...pod, spec: { ...pod.spec, initContainers: [{ name: 'first', image: 'example.com/first:1' }, ...all] } };
    };
    for (const { name, pod, using } of injectable) {
      const settled = insistent(inject(insistent(pod), using));
      expect(inject(settled, using), name).toEqual(settled);
    }
  });
});

/** What a real injector put into a pod: the parts that are neither the app's nor ours. */
function partsOf(golden: string) {
  const { input } = readGoldens().find(({ name }) => name === golden) ?? {};
  const pod = valueAt(input?.object, (TEMPLATES.get(input?.kind ?? '') ?? []).slice()) as SamplePod;
  const isMeshs = (each: unknown) => /^(istio|linkerd|workload-|credential-)/.test(textAt(each, 'name'));
  const [containers, initContainers, volumes] = LISTS.map((list) => listAt(pod, 'spec', list).filter(isMeshs));
  const annotations = Object.fromEntries(Object.entries(pod.metadata.annotations).filter(([key]) => !key.startsWith('mcp-sluice.dev/')));
  return { containers, initContainers, volumes, annotations } as Pick<SamplePod['spec'], 'containers' | 'volumes' | 'initContainers'> & {
    annotations: Record<string, string>;
  };
}

describe.each(['istio-native-output.yaml', 'istio-probes-output.yaml', 'linkerd-native-output.yaml'])('the real output of %s', (golden) => {
  const parts = partsOf(golden);

  it('[inject:foreign] has parts of its own in the sample', () => {
    expect([...(parts.containers ?? []), ...(parts.initContainers ?? [])].some(isMesh)).toBe(true);
    expect(parts.volumes?.length).toBeGreaterThan(2);
  });

  it('[inject:foreign] is left as it is wherever it comes in after us, and turns redirect into takeover', () => {
    const mixed = <T>(mine: readonly T[], other: readonly T[], cut: number): T[] => {
      const at = cut % (mine.length + 1);
      return [...mine.slice(0, at), ...other, ...mine.slice(at)];
    };
    fc.assert(
      fc.property(fc.tuple(fc.nat(), fc.nat(), fc.nat()), fc.boolean(), ([a, b, c], hasProbe) => {
        const pod = samplePod();
        if (hasProbe) Object.assign(pod.spec.containers[0] ?? {}, { readinessProbe: { tcpSocket: { port: 3000 } } });
        const first = inject(pod, facts);
        const meshed = structuredClone(first);
        meshed.spec.containers = mixed(first.spec.containers, parts.containers, a);
        meshed.spec.initContainers = mixed(first.spec.initContainers ?? [], parts.initContainers ?? [], b);
        meshed.spec.volumes = mixed(first.spec.volumes ?? [], parts.volumes ?? [], c);
        Object.assign(meshed.metadata.annotations, parts.annotations);
        // As Istio rewrites whatever it finds on the way to the app, ours among it.
        const probed = meshed.spec.containers.find(({ name }) => name === 'app');
        if (hasProbe && probed) probed['readinessProbe'] = { httpGet: { path: '/app-health/app/readyz', port: 15020 } };

        const again = inject(meshed, facts);
        const names = again.spec.initContainers?.map(({ name }) => name) ?? [];
        const args = listAt(
          again.spec.initContainers?.find(({ name }) => name === 'mcp-sluice'),
          'args',
        );
        expect(args).toContain('--capture=takeover');
        expect(args.filter((each) => String(each).startsWith('--app-probe=')).length).toBe(hasProbe ? 1 : 0);
        expect(names.filter((name) => name.startsWith('mcp-sluice'))).toEqual(['mcp-sluice']);
        expect(theirs(again)).toEqual(theirs(meshed));
        expect(inject(again, facts)).toEqual(again);
        const held = [...again.spec.containers, ...(again.spec.initContainers ?? [])].flatMap((each) =>
          isOurs(each) ? [] : listAt(each, 'ports').map((port) => valueAt(port, ['containerPort'])),
        );
        expect(held).not.toContain(ADMIN_PORT);
      }),
    );
  });
});
