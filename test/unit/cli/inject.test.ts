import { describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { inject } from './run.ts';

const SERVICE = 'kind:   Service # odd   spacing\nspec:   {a:   1,}\nmode: 0644\n';
const POD = `# The server.
apiVersion: v1
kind: Pod
metadata:
  name: app   # its name
  annotations: {mcp-sluice.dev/inject: "true"}
spec:
  # One container.
  containers:
  - name: app
    ports: [{containerPort: 3000}]   # http
`;
const DENIED = POD.replace('3000', '15179');
const read = (text: string) => [...parseAllDocuments(text, { merge: true })].map((document) => document.toJS());
const firstInit = (pod: { spec?: { initContainers: { name: string }[] } }) => pod.spec?.initContainers[0]?.name;

describe('mcp-sluice inject', () => {
  it('[cli:passes-through] leaves other documents byte for byte, and the order of all', async () => {
    const text = `${SERVICE}---\n${POD}---\n# nothing here\n---\n${SERVICE}...\n`;
    const { code, out } = await inject(['-'], { '-': text });
    expect(code).toBe(0);
    expect(out.startsWith(`${SERVICE}---\n`)).toBe(true);
    expect(out.endsWith(`---\n# nothing here\n---\n${SERVICE}...\n`)).toBe(true);
    expect(firstInit(read(out)[1])).toBe('mcp-sluice');
  });

  it.each([
    SERVICE,
    '',
    '# only a comment\n',
    '---\n',
    '- a list\n',
    'plain text',
    `apiVersion: apps.kruise.io/v1\n${POD.split('\n').slice(2).join('\n')}`,
  ])('[cli:passes-through] leaves a file alone that has nothing for it: %j', async (text) => {
    expect(await inject(['-'], { '-': text })).toEqual({ code: 0, out: text, err: '' });
  });

  it('[cli:comments] only adds to what it changes: every line that was there is there, in its order', async () => {
    const { out } = await inject(['-'], { '-': POD });
    const lines = out.split('\n');
    let at = -1;
    for (const line of POD.split('\n').filter((each) => !each.includes('annotations:'))) {
      at = lines.indexOf(line, at + 1);
      expect([line, at]).not.toEqual([line, -1]);
    }
  });

  it('[cli:lists] injects into the items of a List', async () => {
    const items = [read(POD)[0], { kind: 'Service' }, read(POD.replace('name: app ', 'name: other '))[0]];
    const { out } = await inject(['-'], { '-': JSON.stringify({ apiVersion: 'v1', kind: 'List', items }) });
    const [list] = read(out);
    expect(list.items.map(firstInit)).toEqual(['mcp-sluice', undefined, 'mcp-sluice']);
  });

  it('[cli:aliases] writes aliases and merges out where it changes a document, so that no other place changes with it', async () => {
    const text = `kind: List
items:
- kind: Pod
  metadata: &m
    annotations: &a {mcp-sluice.dev/inject: "true"}
  spec: &s
    containers: [{name: app, ports: [{containerPort: 3000}]}]
- kind: Pod
  metadata: {<<: *m, name: second, annotations: {<<: *a, mcp-sluice.dev/inject: "false"}}
  spec: *s
`;
    const { code, out, err } = await inject(['-'], { '-': text });
    expect([code, err]).toEqual([0, '']);
    const [{ items }] = read(out);
    expect(firstInit(items[0])).toBe('mcp-sluice');
    expect(items[1]).toEqual({
      kind: 'Pod',
      metadata: { name: 'second', annotations: { 'mcp-sluice.dev/inject': 'false' } },
      spec: { containers: [{ name: 'app', ports: [{ containerPort: 3000 }] }] },
    });
  });

  it('[cli:all-or-nothing] prints nothing to standard output where any object is denied', async () => {
    const { code, out, err } = await inject(['good.yaml', 'bad.yaml'], { 'good.yaml': POD, 'bad.yaml': DENIED });
    expect([code, out]).toEqual([1, '']);
    expect(err).toMatch(/^bad\.yaml:6: pod\/app: mcp-sluice\.dev\/port: .*15179.*\n$/);
  });

  it('[cli:files] separates the documents of several files', async () => {
    const { out } = await inject(['a', 'b', 'c'], { a: POD, b: SERVICE.trimEnd(), c: `# c\n---\n${SERVICE}` });
    expect(read(out).map(({ kind }) => kind)).toEqual(['Pod', 'Service', 'Service']);
  });

  it('[cli:passes-through] takes no object for a list by the end of its kind', async () => {
    const text = 'apiVersion: example.com/v1\nkind: IPAllowList\nspec: {cidrs: [10.0.0.0/8]}\n';
    const { out } = await inject(['--output', 'json', '-'], { '-': text });
    expect(JSON.parse(out)).toEqual(read(text)[0]);
  });

  it('[cli:json] prints JSON when asked to: one object, or a List', async () => {
    const one = JSON.parse((await inject(['--output', 'json', '-'], { '-': POD })).out);
    expect(firstInit(one)).toBe('mcp-sluice');
    const two = JSON.parse((await inject(['--output=json', '-'], { '-': `${SERVICE}---\n${POD}` })).out);
    expect(two).toMatchObject({ kind: 'List', items: [{ kind: 'Service', mode: 0o644 }, one] });
  });

  it('[cli:flags] injects the image, Redis and capture that the flags say', async () => {
    const argv = ['--image', 'registry/x:2', '--default-redis', 'redis://r:6379', '--pod-security', 'restricted', '-'];
    const { out } = await inject(argv, { '-': POD });
    for (const text of ['image: registry/x:2', 'mcp-sluice.dev/redis: redis://r:6379', '--capture=takeover']) expect(out).toContain(text);
    const again = await inject(argv, { '-': out });
    expect(again.out).toBe(out);
  });

  it('[cli:namespace] takes a namespace from its file, and from the manifests themselves', async () => {
    const namespace = `kind: Namespace\nmetadata:\n  name: tools\n  labels: {pod-security.kubernetes.io/enforce: baseline}\n`;
    const byFile = await inject(['--namespace-file', 'ns', '-'], { ns: namespace, '-': POD });
    expect(byFile.out).toContain('--capture=takeover');
    expect(byFile.out).toContain('--owner=tools/Pod/app');
    const beside = await inject(['-'], { '-': `${namespace}---\n${POD.replace('  name: app', '  namespace: tools\n  name: app')}` });
    expect(beside.out).toContain('--capture=takeover');
    expect((await inject(['-'], { '-': `${namespace}---\n${POD}` })).out).toContain('--capture=redirect');
  });

  it('[cli:usage] says what is wrong with a command line, with the code of a usage error', async () => {
    for (const argv of [[], ['--bogus', '-'], ['--output', 'xml', '-'], ['--pod-security', 'none', '-'], ['-', '-']]) {
      const { code, out, err } = await inject(argv);
      expect([code, out]).toEqual([64, '']);
      expect(err).toContain('Usage: mcp-sluice inject');
    }
    expect(await inject(['--help'])).toMatchObject({ code: 0, err: '' });
    expect(await inject(['missing.yaml'])).toMatchObject({ code: 66, out: '', err: expect.stringContaining('missing.yaml') });
  });

  it('[scope:static-pods] tells what a static pod cannot have, with --static-pod', async () => {
    const secret = '"true", mcp-sluice.dev/redis: "redis://redis", mcp-sluice.dev/redis-secret: login';
    const text = POD.replace('"true"', secret);
    expect((await inject(['-'], { '-': text })).code).toBe(0);
    const denied = await inject(['--static-pod', '-'], { '-': text });
    expect([denied.code, denied.out]).toEqual([1, '']);
    expect(denied.err).toMatch(/redis-secret: needs the Secret login, and a kubelet takes no static pod/);
    const { code, out } = await inject(['--static-pod', '-'], { '-': POD });
    expect([code, firstInit(read(out)[0])]).toEqual([0, 'mcp-sluice']);
  });
});
