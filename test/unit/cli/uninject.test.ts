import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { inject, uninject } from './run.ts';

const FLAGS = ['--default-redis', 'redis://r:6379', '--default-on-redis-failure', 'closed'];

/** Injects, sees that something was, and takes it out again. */
async function roundTrip(source: string, flags: readonly string[] = FLAGS): Promise<{ injected: string; back: string; err: string }> {
  const injected = await inject([...flags, '-'], { '-': source });
  expect(injected).toMatchObject({ code: 0 });
  expect(injected.out).toContain('mcp-sluice-adm');
  expect((await inject([...flags, '-'], { '-': injected.out })).out).toBe(injected.out);
  const { code, out, err } = await uninject(['-'], { '-': injected.out });
  expect(code).toBe(0);
  return { injected: injected.out, back: out, err };
}
/** A busy machine takes its time; a hang is found all the same. */
const CEILING_MS = 60_000;
const hasRecord = (text: string) => text.includes('# mcp-sluice.dev/original:');

const POD = `# The server.
apiVersion:   v1
kind: Pod      # a pod
metadata:
    name:  "app"
    labels:   {app: x,   tier: 'y' }    # two
    annotations:
        mcp-sluice.dev/inject: 'true'   # ours
        team:   tools
        # nothing after this

spec:
    # Of the server.
    containers:
      # One container.
      -   name: app
          ports: [ {containerPort: 3000} ]   # http
          args:
          - "a"   # first


      # Another.
      - {name: helper, image: "x:1"}
    terminationGracePeriodSeconds:    5
`;
const DEPLOYMENT = `apiVersion: apps/v1
kind: Deployment
metadata:
  name: app
  annotations:
    mcp-sluice.dev/inject: "true"
    mcp-sluice.dev/bind-env: "HOST=127.0.0.1"
    mcp-sluice.dev/rate-limit: |
      shared: 3/1m

      tools:
        search: 1/1m
spec:
  selector: {matchLabels: {app: x}}
  template:
    metadata:
      labels:
        app: x
    spec:
      volumes:
      - name: data   # mine
      initContainers:
      # Before all.
      - name: migrate
      containers:
      - name: app
        ports:
        - containerPort: 3000
`;
/** With a probe that is pointed elsewhere, whose original is written back. */
function withProbe(): object {
  const pod = parse(POD);
  pod.spec.containers[0].livenessProbe = { tcpSocket: { port: 3000 }, periodSeconds: 3 };
  return pod;
}
const json = (indent?: number) => JSON.stringify(parse(POD), null, indent);

/** Files that come back by taking our parts out again. */
const told: Readonly<Record<string, string>> = {
  'with spaces and comments everywhere': POD,
  'with Windows line ends': POD.replaceAll('\n', '\r\n'),
  'without the end of its last line': POD.trimEnd(),
  'that ends in comments': `${POD}# the end\n\n# really\n`,
  'of a Deployment annotated on its metadata': DEPLOYMENT,
  'of a template without metadata': DEPLOYMENT.replace('    metadata:\n      labels:\n        app: x\n', ''),
  'with environment': DEPLOYMENT.replace(
    '        ports:',
    '        env:\n        # None of ours.\n        - {name: A, value: b}\n        ports:',
  ),
  'with empty brackets': DEPLOYMENT.replace('labels:\n        app: x', 'labels: { }   # none')
    .replace('      - name: migrate\n', '')
    .replace('initContainers:\n      # Before all.', 'initContainers: []'),
  'whose last value keeps its empty lines': POD.replace('team:   tools', 'team: |+\n            tools\n\n'),
  'whose last value is folded': POD.replace('team:   tools', 'team: >-\n            tools\n            and more\n'),
  'in brackets alone': `{apiVersion: v1, kind: Pod, metadata: {annotations: {mcp-sluice.dev/inject: "true"}, name: a}, spec: {containers: [{name: app, ports: [{containerPort: 3000}]}]}}\n`,
  'in brackets over lines': `{apiVersion: v1, kind: Pod, metadata: {\n    annotations: {\n      mcp-sluice.dev/inject: "true",   # ours\n    },\n    labels: { },\n  },\n  spec: {containers: [{name: app, ports: [{containerPort: 3000}]}]}}\n`,
  'of JSON': json(),
  'of JSON in lines': `${json(2)}\n`,
  'of JSON in wide lines': json(4),
  'of JSON with empty parts': json(2)
    .replace('"kind": "Pod"', '"kind": "Pod", "x": {}')
    .replace('"spec": {', '"spec": {"volumes": [], "initContainers": [ ],'),
  'of JSON with null': json(2)
    .replace('"kind": "Pod"', '"kind": "Pod", "x": null')
    .replace('"spec": {', '"spec": {"volumes": null, "initContainers":null,')
    .replace(/"labels": \{[^}]*\}/, '"labels": null'),
  'of JSON with Windows line ends, and without the end of its last line': json(2)
    .replace('"spec": {', '"spec": {"volumes": null,')
    .replaceAll('\n', '\r\n'),
  'of JSON with probes that were pointed elsewhere, in lines': `${JSON.stringify(withProbe(), null, 2)}\n`,
  'of JSON with probes that were pointed elsewhere, on one line': JSON.stringify(withProbe()),
  'of several documents': `${DEPLOYMENT}---\n# nothing\n---\nkind:   Service\n--- # another\n${POD}...\n---\n${DEPLOYMENT}`,
  'with directives': `%YAML 1.1\n---\n${POD}`,
  'of a List': `apiVersion: v1\nitems:\n${[POD, DEPLOYMENT]
    .map((text) => text.replace(/^(?=.)/gm, '    ').replace(/^ {4}(?=#|apiV)/, '  - '))
    .join('')
    .replace('  - # The server.\n    apiVersion', '  # The server.\n  - apiVersion')}kind: List\n`,
  'of which the container is native': DEPLOYMENT.replace('- name: migrate', '- name: migrate\n        restartPolicy: Always'),
};

/** Files of which a record has to be kept. */
const recorded: Readonly<Record<string, string>> = {
  'with aliases': DEPLOYMENT.replace('{matchLabels: {app: x}}', '{matchLabels: &l   {app: x}}').replace(
    'labels:\n        app: x',
    'labels:   *l',
  ),
  'with an empty value': POD.replace(`labels:   {app: x,   tier: 'y' }    # two`, 'labels:   # none'),
  'with probes that were pointed elsewhere': DEPLOYMENT.replace(
    '        ports:',
    '        livenessProbe: {tcpSocket:   {port: 3000}, periodSeconds:   3}   # alive?\n        readinessProbe:\n          tcpSocket:\n            port:   3000   # here\n          periodSeconds: 5\n        ports:',
  ),
  'in brackets, with another document behind it': `{kind: Pod, metadata: {name: p, annotations: {"mcp-sluice.dev/inject": 'true',}},   # here\n  spec: {containers: [{name: app, ports: [{containerPort:   3000}], livenessProbe: {tcpSocket: {port:   3000}}},]}}\n# not the next one's\n---\nkind: Service\n`,
  'with a byte order mark, and aliases': `\uFEFF---\n${DEPLOYMENT.replace('{matchLabels: {app: x}}', '{matchLabels: &l   {app: x}}').replace('labels:\n        app: x', 'labels:   *l')}`,
  'with a byte order mark': `\uFEFF${POD.replace(`labels:   {app: x,   tier: 'y' }    # two`, 'labels:   # none')}`,
};

describe('mcp-sluice uninject', () => {
  it.each(Object.entries(told))('[cli:uninject] gives back a file %s byte for byte', async (_, source) => {
    const { injected, back, err } = await roundTrip(source);
    expect(back).toBe(source);
    expect([hasRecord(injected), err]).toEqual([false, '']);
  });

  it.each(Object.entries(recorded))('[cli:uninject] gives back a file %s, which is kept in a comment', async (_, source) => {
    const { injected, back, err } = await roundTrip(source);
    expect([hasRecord(injected), err]).toEqual([true, '']);
    expect(back).toBe(source);
  });

  it('[cli:uninject] gives back files that were injected together', async () => {
    const all = { ...told, ...recorded };
    const names = ['with aliases', 'with an empty value', 'without the end of its last line', 'of a List'];
    const files = Object.fromEntries(names.map((name) => [name, all[name] ?? '']));
    const { out } = await inject([...FLAGS, ...names], files);
    const { out: back } = await uninject(['-'], { '-': out });
    let at = 0;
    for (const name of names) {
      at = back.indexOf(files[name]?.trimEnd() ?? '?', at);
      expect([name, at]).not.toEqual([name, -1]);
    }
  });

  it('[cli:uninject] says beforehand where it cannot give every byte back, as JSON has no comments', async () => {
    const source = json(2).replace(
      '"name": "app",\n        "ports"',
      '"name": "app",\n        "livenessProbe": {"tcpSocket": {"port":   3000}},\n        "ports"',
    );
    const { code, out, err } = await inject([...FLAGS, '-'], { '-': source });
    expect([code, err]).toEqual([0, expect.stringMatching(/^-:1: warning: uninject will give the same objects back/)]);
    expect(JSON.parse(out).spec.containers[0].livenessProbe).toHaveProperty('httpGet');
    const { out: back } = await uninject(['-'], { '-': out });
    expect(JSON.parse(back)).toEqual(JSON.parse(source));
  });

  it('[cli:uninject-edited] keeps what was edited after the injection', async () => {
    const { injected } = await roundTrip(DEPLOYMENT);
    const edit = (text: string) =>
      text
        .replace('3/1m\n', '5/1m\n')
        .replace('- name: migrate', '- name: migrate\n        image: "m:2"  # new')
        .replace('  name: app\n', '  name: renamed\n');
    const { out } = await uninject(['-'], { '-': edit(injected) });
    expect(out).toBe(edit(DEPLOYMENT));
  });

  it('[cli:uninject-edited] tells where an edit costs the spaces, and loses nothing else', async () => {
    const source = recorded['with aliases'] ?? '';
    const { out: injected } = await inject([...FLAGS, '-'], { '-': source });
    const { code, out, err } = await uninject(['-'], { '-': injected.replace('- name: data', '- name: kept') });
    expect(code).toBe(0);
    expect(err).toMatch(/^-:1: warning: edited since it was injected/);
    expect(parse(out, { merge: true })).toEqual(parse(source.replace('- name: data', '- name: kept'), { merge: true }));
    expect(hasRecord(out)).toBe(false);
    const noted = injected.replace('- name: data', '# a note\n      - name: data');
    expect(await uninject(['-'], { '-': noted })).toMatchObject({ code: 0, out: expect.stringContaining('# a note'), err });
  });

  it('[cli:uninject-edited] gives probes back what they asked, also in a file that was edited', async () => {
    const { out: injected } = await inject([...FLAGS, '-'], { '-': recorded['with probes that were pointed elsewhere'] ?? '' });
    expect(injected).not.toMatch(/^[^#]*tcpSocket: /m);
    const { out } = await uninject(['-'], { '-': injected.replace('- name: data', '- name: kept') });
    const [container] = parse(out).spec.template.spec.containers;
    expect(container.livenessProbe).toEqual({ tcpSocket: { port: 3000 }, periodSeconds: 3 });
    expect(container.readinessProbe).toEqual({ tcpSocket: { port: 3000 }, periodSeconds: 5 });
  });

  it(
    '[cli:uninject] gives back what was injected twice, by two versions',
    async () => {
      for (const source of [...Object.values(told), ...Object.values(recorded)]) {
        const { out: first } = await inject([...FLAGS, '--image', 'x/sluice:1', '-'], { '-': source });
        const { out: second } = await inject([...FLAGS, '--image', 'x/sluice:2', '-'], { '-': first });
        expect(second).toContain('x/sluice:2');
        expect(second.match(/^# mcp-sluice\.dev\/original:/gm) ?? []).toHaveLength(hasRecord(first) ? 1 : 0);
        expect((await uninject(['-'], { '-': second })).out).toBe(source);
      }
    },
    CEILING_MS,
  );

  it('[cli:uninject-forged] believes no comment that says something else than the manifest', async () => {
    const { out: injected } = await inject([...FLAGS, '-'], { '-': recorded['with an empty value'] ?? '' });
    expect(injected).toMatch(/^#\|.*x:1/m);
    for (const [mine, evil] of [
      [/^(#\|.*)x:1/m, '$1evil:1'],
      [/^#\|spec:/m, '#|evil: 1\n#|spec:'],
      [/^#\|spec:/m, '#|---\n#|kind: Evil\n#|spec:'],
      [/^#\|kind/m, '#|evil: [\n#|kind'],
    ] as const) {
      const { code, out } = await uninject(['-'], { '-': injected.replace(mine, evil) });
      expect(code).toBe(0);
      expect(out).toContain('x:1');
      expect(out.toLowerCase()).not.toContain('evil');
    }
  });

  it('[cli:uninject-ours] leaves alone what is not ours, and what nothing was added to', async () => {
    const text = `kind: Pod\nmetadata: {annotations: {mcp-sluice.dev/inject: "false"}, labels: {}}\nspec:\n  initContainers: [{name: mcp-sluice, image: x}]\n  volumes: []\n`;
    expect(await uninject(['-'], { '-': `${text}---\nkind: Service\n---\n[1]\n` })).toEqual({
      code: 0,
      out: `${text}---\nkind: Service\n---\n[1]\n`,
      err: '',
    });
    for (const spec of ['[1]', '{initContainers: 7}', '{initContainers: [null], volumes: {}}']) {
      const odd = `kind: Pod\nspec: ${spec}\n`;
      expect((await uninject(['-'], { '-': odd })).out).toBe(odd);
    }
  });

  it('[cli:uninject] prints objects as JSON when asked to', async () => {
    const { out: injected } = await inject([...FLAGS, '-'], { '-': DEPLOYMENT });
    const { code, out } = await uninject(['--output', 'json', '-'], { '-': injected });
    expect(code).toBe(0);
    expect(JSON.parse(out)).toEqual(parse(DEPLOYMENT));
  });

  it('[cli:exit-codes] refuses a wrong command line and broken YAML', async () => {
    expect(await uninject([])).toMatchObject({ code: 64, out: '', err: expect.stringContaining('Usage: mcp-sluice uninject') });
    expect(await uninject(['--image', 'x', '-'], { '-': '' })).toMatchObject({ code: 64 });
    expect(await uninject(['-'], { '-': 'a: [' })).toMatchObject({ code: 1, out: '', err: expect.stringMatching(/^-:\d+: /) });
    expect(await uninject(['--help'])).toMatchObject({ code: 0, out: expect.stringContaining('byte for byte') });
  });
});
