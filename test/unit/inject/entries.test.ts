import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { admit, configMapsOf } from '../../../src/inject/admit.ts';
import { applyPatch } from '../../../src/inject/apply-patch.ts';
import type { Facts } from '../../../src/inject/facts.ts';
import { listAt, textAt, valueAt } from '../../../src/inject/raw.ts';
import { PREFIX } from '../../../src/lib/prefix.ts';
import { facts, type SamplePod, samplePod } from './samples.ts';

const ENTRIES =
  '[{name: git-hub, url: https://a.example, caBundle: {configMap: ca, key: root.pem}, headers: [{name: X, secret: s, key: k}, {name: Y, secret: s, key: k}]}, {name: two, url: https://b.example}]';
const GIT_HUB = { name: 'MCP_ENTRY_GIT_HUB_URL', value: 'http://127.0.0.1:15010/git-hub' };
const TWO = { name: 'MCP_ENTRY_TWO_URL', value: 'http://127.0.0.1:15010/two' };

function create(object: unknown, using: Facts = facts) {
  const admitted = admit({ kind: 'Pod', operation: 'CREATE', object }, using);
  const pod = applyPatch(object, admitted.patch) as SamplePod;
  const sidecar = listAt(pod, 'spec', 'initContainers')[0];
  const codes = (issues: typeof admitted.issues) => issues.map(({ code }) => code);
  return { ...admitted, pod, sidecar, codes: codes(admitted.issues), cautionCodes: codes(admitted.cautions) };
}

/** A pod with these settings whose only app container has these fields. */
function podWith(annotations: Record<string, string>, app: Record<string, unknown>): SamplePod {
  const pod = samplePod(annotations);
  return { ...pod, spec: { containers: [{ name: 'agent', image: 'example.com/agent:1', ...app }] } };
}

describe('a pod with remote entries', () => {
  const { pod, sidecar } = create(samplePod({ 'remote-entries': ENTRIES, port: '3000' }));
  const env = (list: string, index: number) => valueAt(pod, ['spec', list, index, 'env']);

  it('[pod:entry-env] tells every container of the app and native sidecar where each entry is, ours and init containers not', () => {
    expect(env('containers', 0)).toEqual([GIT_HUB, TWO, { name: 'A', value: 'b' }]);
    expect(env('containers', 1)).toEqual([GIT_HUB, TWO]);
    const told = listAt(pod, 'spec', 'initContainers').map((each) => [
      textAt(each, 'name'),
      listAt(each, 'env').some((one) => textAt(one, 'name') === TWO.name),
    ]);
    expect(told).toEqual([
      ['mcp-sluice', false],
      ['mcp-sluice-capture', false],
      ['migrate', false],
      ['logs', true],
    ]);
  });

  it.each([
    [{ name: TWO.name, value: 'mine' }],
    [{ name: TWO.name, valueFrom: { secretKeyRef: { name: 's', key: 'k' } } }],
    [{ name: TWO.name }],
  ])('[pod:entry-env] leaves %j of the user as it is', (own) => {
    const { pod: injected } = create(podWith({ 'remote-entries': ENTRIES }, { env: [own] }));
    expect(injected.spec.containers[0]?.['env']).toEqual([GIT_HUB, own]);
  });

  it('[pod:entry-volumes] mounts bundles and Secrets in the sidecar alone, optional, by the keys that are named', () => {
    const ours = listAt(pod, 'spec', 'volumes').filter((volume) => textAt(volume, 'name').startsWith('mcp-sluice-entry-'));
    const names = ours.map((volume) => textAt(volume, 'name'));
    expect(ours).toEqual([
      { name: names[0], configMap: { name: 'ca', defaultMode: 420, optional: true, items: [{ key: 'root.pem', path: 'root.pem' }] } },
      { name: names[1], secret: { secretName: 's', defaultMode: 420, optional: true, items: [{ key: 'k', path: 'k' }] } },
    ]);
    expect(valueAt(sidecar, ['volumeMounts'])).toEqual(
      expect.arrayContaining([
        { name: names[0], mountPath: '/etc/mcp-sluice/ca-bundles/git-hub', readOnly: true },
        { name: names[1], mountPath: '/etc/mcp-sluice/entry-headers/git-hub/s', readOnly: true },
      ]),
    );
    expect(JSON.stringify(pod.spec.containers)).not.toContain('mcp-sluice-entry');
  });

  it('[pod:entry-foreign-volume] is denied where a volume of the user has the name of ours, and deletes none', () => {
    const entries = '[{name: a, url: https://a.example, caBundle: {configMap: ca}}]';
    const own = podWith({ 'remote-entries': entries }, {});
    const volume = { name: 'mcp-sluice-entry-ca-a', configMap: { name: 'other' } };
    expect(create({ ...own, spec: { ...own.spec, volumes: [volume] } }).codes).toEqual(['FOREIGN_NAME']);
    const other = { ...volume, name: 'mcp-sluice-entry-ca-b' };
    const kept = create({ ...own, spec: { ...own.spec, volumes: [other] } });
    expect([kept.codes, kept.pod.spec.volumes?.[0]]).toEqual([[], other]);
    expect(create(kept.pod).pod).toEqual(kept.pod);
  });

  it('[pod:entry-stale] loses what belonged to entries that are gone, and keeps what another container mounts', () => {
    const bare = structuredClone(pod);
    delete bare.metadata.annotations[`${PREFIX}remote-entries`];
    const plain = create(samplePod({ port: '3000' })).pod;
    expect(create(bare).pod).toEqual({
      ...plain,
      spec: { ...plain.spec, containers: withEmptyEnv(plain), initContainers: expect.anything() },
    });
    const shared = structuredClone(bare);
    shared.spec.containers[1] = { name: 'helper', volumeMounts: [{ name: 'mcp-sluice-entry-ca-git-hub', mountPath: '/etc/ca' }] };
    expect(create(shared).pod.spec.volumes?.map(({ name }) => name)).toContain('mcp-sluice-entry-ca-git-hub');
  });

  it('[pod:entry-only] needs neither port nor capture where it has entries only', () => {
    const only = create(podWith({ 'remote-entries': ENTRIES }, {}));
    expect([only.codes, only.cautionCodes]).toEqual([[], ['TAKEN_FOR_NO_SERVER']]);
    expect(only.pod.spec.initContainers?.map(({ name }) => name)).toEqual(['mcp-sluice']);
    const args = listAt(only.sidecar, 'args');
    expect(args).toEqual(expect.arrayContaining(['--in-pod', '--entries=127.0.0.1:15010']));
    expect(args.filter((each) => /^--(capture|port)=/.test(String(each)))).toEqual([]);
    const ports = [{ containerPort: 8080 }, { containerPort: 9090 }];
    expect(create(podWith({ 'remote-entries': ENTRIES, capture: 'none' }, { ports })).pod.spec.initContainers).toEqual(
      only.pod.spec.initContainers,
    );
    const udp = [{ containerPort: 53, protocol: 'UDP' }];
    expect(create(podWith({ 'remote-entries': ENTRIES }, { ports: udp })).codes).toEqual([]);
  });

  it('[pod:entry-only] is denied where something is said about a server that is not there', () => {
    for (const about of [
      { 'rate-limit': 'shared: 5/1m' },
      { paths: '/mcp' },
      { 'bind-env': 'A=b' },
      { capture: 'takeover' },
      { port: '80' },
    ]) {
      expect(create(podWith({ 'remote-entries': ENTRIES, ...about }, {})).codes).toEqual(['PORT_UNDECLARED']);
    }
  });

  it('[pod:entry-only] stays so when another injector brings a port, unless it is named mcp', () => {
    const only = create(podWith({ 'remote-entries': ENTRIES }, {}));
    const joined = (port: object) => {
      const pod = structuredClone(only.pod);
      pod.spec.containers.push({ name: 'late', image: 'example.com/late:1', ports: [port] } as never);
      return create(pod);
    };
    const later = joined({ name: 'metrics', containerPort: 9999 });
    expect([later.pod.spec.initContainers, later.codes, later.cautionCodes]).toEqual([
      only.pod.spec.initContainers,
      [],
      ['PORT_UNMETERED'],
    ]);
    expect(listAt(joined({ name: 'mcp', containerPort: 9999 }).sidecar, 'args')).toContain('--port=9999');
  });

  it('[pod:entry-probes] has its probes asked of the app itself, also where a server was captured before', () => {
    const probe = { tcpSocket: { port: 8080 } };
    const app = { ports: [{ name: 'mcp', containerPort: 8080 }], readinessProbe: probe };
    const before = create(podWith({ 'remote-entries': ENTRIES }, app)).pod;
    expect(before.spec.containers[0]?.['readinessProbe']).not.toEqual(probe);
    const after = structuredClone(before);
    after.metadata.annotations[`${PREFIX}capture`] = 'none';
    const only = create(podWith({ 'remote-entries': ENTRIES, capture: 'none' }, app));
    expect(only.pod.spec.containers[0]?.['readinessProbe']).toEqual(probe);
    expect(create(after).pod.spec).toEqual(only.pod.spec);
  });

  it('[pod:entry-secrets] draws a warning where one process namespace shows the headers to other containers', () => {
    const shared = podWith({ 'remote-entries': ENTRIES, capture: 'none' }, {});
    const judged = create({ ...shared, spec: { ...shared.spec, shareProcessNamespace: true } });
    expect([judged.codes, judged.cautionCodes]).toEqual([[], ['SHARED_PROCESSES']]);
    expect(judged.warnings[0]).toContain('the headers of git-hub');
  });

  it('[pod:entry-only] takes no limit on a server while it runs, which would be without effect', () => {
    const { pod: running } = create(podWith({ 'remote-entries': ENTRIES }, {}));
    const edited = (annotations: Record<string, string>) => ({
      ...running,
      metadata: { ...running.metadata, annotations: { ...running.metadata.annotations, ...annotations } },
    });
    const update = (object: unknown, oldObject: unknown = running) =>
      admit({ kind: 'Pod', operation: 'UPDATE', object, oldObject }, facts).issues.map(({ code }) => code);
    const limited = edited({ [`${PREFIX}rate-limit`]: 'shared: 5/1m' });
    expect(update(limited)).toEqual(['SERVER_NOT_CAPTURED']);
    expect(update(running, limited)).toEqual([]);
    expect(update(edited({ [`${PREFIX}mode`]: 'shadow' }))).toEqual([]);
  });

  it('[pod:entry-guess] draws a warning where only the lone port tells of a server, and names both ways out', () => {
    const ports = [{ containerPort: 8080 }];
    const guessed = create(podWith({ 'remote-entries': ENTRIES }, { ports }));
    expect([guessed.codes, guessed.cautionCodes]).toEqual([[], ['TAKEN_FOR_SERVER']]);
    expect(guessed.warnings[0]).toMatch(/mcp-sluice\.dev\/capture: none.*mcp-sluice\.dev\/port/);
    expect(create(podWith({ 'remote-entries': ENTRIES, port: '8080' }, { ports })).cautionCodes).toEqual([]);
    expect(create(podWith({ 'remote-entries': ENTRIES }, { ports: [{ name: 'mcp', containerPort: 80 }] })).cautionCodes).toEqual([]);
  });

  it('[pod:entry-guess] draws a warning where nothing tells whether there is a server: one that declares no port would run without limits', () => {
    const { cautionCodes, warnings } = create(podWith({ 'remote-entries': ENTRIES }, {}));
    expect([cautionCodes, warnings]).toEqual([['TAKEN_FOR_NO_SERVER'], [expect.stringContaining('mcp-sluice.dev/capture: none')]]);
    expect(create(podWith({ 'remote-entries': ENTRIES, capture: 'none' }, {})).cautionCodes).toEqual([]);
  });

  it('[pod:entry-port] is denied where a container declares the port of the listener', () => {
    const ports = [{ containerPort: 15010 }, { containerPort: 8080 }];
    expect(create(podWith({ 'remote-entries': ENTRIES, capture: 'none' }, { ports })).codes).toEqual(['PORT_RESERVED']);
    expect(create(podWith({ port: '8080' }, { ports })).codes).toEqual([]);
  });

  it('[pod:entry-bundles] has its ConfigMaps looked up, also those of a sound entry beside a wrong one', () => {
    const entries = `[{name: A}, {name: a, url: https://a.example, caBundle: {configMap: one}, rateLimit: {shared: 1/1m}}, {name: b, url: https://b.example, caBundle: {configMap: two}}]`;
    expect(configMapsOf({ kind: 'Pod', operation: 'CREATE', object: podWith({ 'remote-entries': entries }, {}) })).toEqual(['one', 'two']);
    const many = Array.from({ length: 1000 }, (_, index) => `{name: a, url: "https://a", caBundle: {configMap: c${index}}}`).join(', ');
    expect(configMapsOf({ kind: 'Pod', operation: 'CREATE', object: podWith({ 'remote-entries': `[${many}]` }, {}) })).toHaveLength(32);
  });

  it.each([
    ['missing' as const, [], ['CA_MISSING']],
    ['unreadable' as const, [], ['CA_UNREADABLE']],
    ['unknown' as const, [], []],
    [{ 'root.pem': 'hello' }, ['CA_NOT_PEM'], []],
    [{ other: 'hello' }, ['CA_KEY_MISSING'], []],
    [{ 'root.pem': '-----BEGIN PRIVATE KEY-----' }, ['CA_PRIVATE_KEY'], []],
  ])('[pod:entry-bundles] [pod:entry-unreadable] is judged by the ConfigMap: %j', (found, denied, warned) => {
    const judged = create(podWith({ 'remote-entries': ENTRIES, capture: 'none' }, {}), {
      ...facts,
      configMap: () => found as ReturnType<Facts['configMap']>,
    });
    expect([judged.codes, judged.cautionCodes]).toEqual([denied, warned]);
    for (const issue of [...judged.issues, ...judged.cautions]) expect(issue.path).toEqual(['remote-entries', 0, 'caBundle']);
  });

  it('[pod:entry-ca-file] is denied with a file for its bundle, which nobody mounts', () => {
    const entries = '[{name: a, url: https://a.example, caBundle: {caFile: /etc/ca.crt}}]';
    expect(create(podWith({ 'remote-entries': entries }, {})).codes).toEqual(['CA_FILE_IN_POD']);
  });

  it('[pod:entry-no-secrets] asks for no right on Secrets of others', () => {
    const text = readFileSync(new URL('../../../manifests/base/rbac.yaml', import.meta.url), 'utf8');
    const roles = parseAllDocuments(text).map((document) => document.toJS());
    const rules = roles.filter(({ kind }) => kind === 'ClusterRole').flatMap((role) => role.rules);
    const verbsOn = (resource: string) => rules.filter(({ resources }) => resources.includes(resource)).flatMap(({ verbs }) => verbs);
    expect([verbsOn('secrets'), verbsOn('*'), verbsOn('configmaps')]).toEqual([[], [], ['get']]);
  });
});

/** A list that we made is left when it is empty: it may be the user's by now. */
function withEmptyEnv({ spec }: SamplePod) {
  return spec.containers.map((container) => ({ env: [], ...container }));
}
