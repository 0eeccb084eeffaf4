import { describe, expect, it } from 'vitest';
import { inject, lint } from './run.ts';

const pod = (name: string, value = '"true"') => `apiVersion: v1
kind: Pod
metadata:
  name: ${name}
  annotations:
    mcp-sluice.dev/inject: ${value}
spec: {containers: [{name: app, ports: [{containerPort: 3000}]}]}
`;
const WRONG = '"maybe"';
const objectsOf = (out: string) => out.split('\n').flatMap((line) => /^\S+: (\w+\/\S+):/.exec(line)?.slice(1) ?? []);

describe('a directory', () => {
  const files = {
    'd/b.yml': pod('b', WRONG),
    'd/a.json': JSON.stringify({ kind: 'Pod', metadata: { name: 'a', annotations: { 'mcp-sluice.dev/port': 'x y' } } }),
    'd/c.yaml': pod('c', WRONG),
    'd/README.md': 'not: [yaml',
    'd/deep/d.yaml': pod('d', WRONG),
  };

  it('[cli:directories] stands for its manifests, in the order of their names', async () => {
    for (const path of ['d', 'd/']) expect(objectsOf((await lint([path], files)).out)).toEqual(['pod/a', 'pod/a', 'pod/b', 'pod/c']);
  });

  it('[cli:directories] stands for all below it when asked to', async () => {
    for (const flag of ['-R', '--recursive']) {
      expect(objectsOf((await lint([flag, 'd'], files)).out)).toEqual(['pod/a', 'pod/a', 'pod/b', 'pod/c', 'pod/d']);
    }
  });

  it('[cli:directories] has to have a manifest in it', async () => {
    const { code, out, err } = await lint(['d'], { 'd/README.md': '', 'd/deep/d.yaml': pod('d') });
    expect([code, out]).toEqual([66, '']);
    expect(err).toContain('d has no file that ends with .yaml, .yml or .json; --recursive looks');
  });

  it.each([
    ['kustomization.yaml', 'kubectl kustomize d/x'],
    ['Kustomization', 'kubectl kustomize d/x'],
    ['Chart.yaml', 'helm template d/x'],
  ])('[cli:unrendered] with a %s is refused and told how to render, wherever it lies', async (name, command) => {
    const all = { 'd/a.yaml': pod('a'), [`d/x/${name}`]: 'a: 1', 'd/x/pod.yaml': pod('x') };
    for (const argv of [['d/x'], ['-R', 'd']]) {
      expect(await lint(argv, all)).toMatchObject({ code: 66, out: '', err: expect.stringContaining(command) });
    }
    expect((await lint(['d'], all)).code).toBe(0);
  });
});

describe('what Helm prints', () => {
  const HELM = `---
# Source: shop/templates/serviceaccount.yaml
apiVersion: v1
kind: ServiceAccount
metadata: {name: shop}
---
# Source: shop/templates/nothing.yaml
---
# Source: shop/templates/mcp/pod.yaml
${pod('server')}
---
# Source: shop/templates/hook.yaml

`;

  it('[cli:helm] keeps its comments and its empty documents', async () => {
    const { code, out } = await inject(['-'], { '-': HELM });
    expect(code).toBe(0);
    const [before = '', after = ''] = HELM.split(pod('server'));
    expect(out.startsWith(before)).toBe(true);
    expect(out.endsWith(after)).toBe(true);
    expect(out).toContain('name: mcp-sluice');
  });

  it("[cli:helm] leads a mistake to the chart's template", async () => {
    const { out } = await lint(['-'], { '-': HELM.replace('"true"', WRONG) });
    expect(out).toMatch(/^-:15: \(shop\/templates\/mcp\/pod\.yaml\) pod\/server: mcp-sluice\.dev\/inject: /);
  });
});

describe('what kustomize and kubectl print', () => {
  it('[cli:kustomize] is judged item by item, in a ResourceList and in a List', async () => {
    const items = ['a', 'b'].map((name) => pod(name, WRONG).replace(/^/gm, '  ').replace('  apiVersion', '- apiVersion').trimEnd());
    for (const kind of ['ResourceList', 'List', 'PodList']) {
      const text = `apiVersion: v1\nkind: ${kind}\nitems:\n${items.join('\n')}\nfunctionConfig: {a: 1}\n`;
      expect(objectsOf((await lint(['-'], { '-': text })).out)).toEqual(['pod/a', 'pod/b']);
      const { out } = await inject(['-'], { '-': text.replaceAll(WRONG, '"true"') });
      expect(out.match(/mcp-sluice-adm/g)).toHaveLength(2);
      expect(out).toContain('functionConfig: {a: 1}\n');
    }
  });
});

describe('exit codes', () => {
  it('[cli:exit-codes] tell wrong manifests, command lines and files apart', async () => {
    const files = { good: pod('a'), bad: pod('b', WRONG), broken: '{' };
    const codes = await Promise.all(
      [['good'], ['bad'], ['good', 'bad'], ['broken'], ['--bogus', 'good'], ['absent']].map(async (argv) => [
        (await lint(argv, files)).code,
        (await inject(argv, files)).code,
      ]),
    );
    expect(codes).toEqual([
      [0, 0],
      [1, 1],
      [1, 1],
      [1, 1],
      [64, 64],
      [66, 66],
    ]);
    expect((await lint(['--recursiv', 'good'], files)).err).toContain('--recursiv is no option; did you mean "recursive"?');
  });

  it('[cli:strict] are 1 for warnings only when that is asked for', async () => {
    const warned = { '-': pod('a').replace('inject: "true"', 'log-level: debug') };
    expect([(await lint(['-'], warned)).code, (await lint(['--strict', '-'], warned)).code]).toEqual([0, 1]);
  });
});

describe('lint --output json', () => {
  it('[cli:lint-json] tells each finding with its place, and how many there are', async () => {
    const text = `# Source: x/y.yaml\n${pod('a', WRONG).replace('  name: a', '  namespace: tools\n  name: a')}---\n${pod('b').replace('inject: "true"', 'mode: shadow')}`;
    const { code, out, err } = await lint(['-o', 'json', 'f', 'g'], { f: text, g: 'a: [' });
    expect([code, err]).toEqual([1, '']);
    const { findings, summary } = JSON.parse(out);
    expect(summary).toEqual({ objects: 2, errors: 2, warnings: 1 });
    expect(findings).toEqual([
      { severity: 'error', file: 'g', line: expect.any(Number), code: 'UNREADABLE', message: expect.any(String) },
      {
        severity: 'error',
        file: 'f',
        line: 8,
        source: 'x/y.yaml',
        object: { kind: 'Pod', name: 'a', namespace: 'tools' },
        code: expect.any(String),
        message: expect.stringContaining('mcp-sluice.dev/inject'),
      },
      {
        severity: 'warning',
        file: 'f',
        line: 15,
        object: { kind: 'Pod', name: 'b' },
        code: expect.any(String),
        message: expect.any(String),
      },
    ]);
  });

  it('[cli:lint-json] is whole where there is nothing to tell', async () => {
    expect(JSON.parse((await lint(['--output=json', '-'], { '-': pod('a') })).out)).toEqual({
      findings: [],
      summary: { objects: 1, errors: 0, warnings: 0 },
    });
  });
});
