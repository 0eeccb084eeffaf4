import { describe, expect, it } from 'vitest';
import { explain, lint } from './run.ts';

const DEPLOYMENT = `apiVersion: v1
kind: Service
---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: app
  annotations:
    mcp-sluice.dev/inject: "true"
    mcp-sluice.dev/redis: redis://r:6379
    mcp-sluice.dev/capture: sideways
spec:
  template:
    metadata:
      annotations:
        # Two at most.
        mcp-sluice.dev/rate-limit: |
          shared: 3/1m

          tools:
            search: 0/1m
            export: lots
    spec:
      hostNetwork: true
      containers:
      - name: app
        ports:
        - containerPort: 3000
        livenessProbe: {httpGet: {port: 3000, scheme: HTTPS}}
`;
const POD = `kind: Pod
metadata:
  name: app
  annotations:
    mcp-sluice.dev/inject: "true"
spec: {containers: [{name: app, ports: [{containerPort: 3000}]}]}
`;
const placesOf = (out: string) => out.split('\n').map((line) => line.split(':').slice(0, 3).join(':'));

describe('mcp-sluice lint', () => {
  it('[cli:lint] tells every error and warning with the line of the file, also inside a block of YAML', async () => {
    const { code, out, err } = await lint(['d.yaml'], { 'd.yaml': DEPLOYMENT });
    expect([code, err]).toEqual([1, '']);
    const sorted = out.trimEnd().split('\n').sort();
    expect(sorted.map((line) => line.slice(0, line.indexOf(':', line.indexOf('/app: ') + 6)))).toEqual([
      'd.yaml:11: deployment/app: mcp-sluice.dev/capture',
      'd.yaml:21: deployment/app: mcp-sluice.dev/rate-limit, tools.search.shared.maxTokens',
      'd.yaml:22: deployment/app: mcp-sluice.dev/rate-limit, tools.export.shared',
      'd.yaml:24: deployment/app: spec.template.spec.hostNetwork',
      'd.yaml:29: deployment/app: warning',
    ]);
  });

  it('[cli:lint] exits 0 where there are warnings only', async () => {
    const text = POD.replace('mcp-sluice.dev/inject: "true"', 'mcp-sluice.dev/log-level: debug');
    const { code, out } = await lint(['-'], { '-': text });
    expect(code).toBe(0);
    expect(out).toMatch(/^-:4: pod\/app: warning: mcp-sluice\.dev\/inject: not set/);
    expect(await lint(['-'], { '-': POD })).toEqual({ code: 0, out: '', err: '' });
  });

  it('[cli:lint-namespace] says of a limit without Redis that the namespace is not known, unless it is', async () => {
    const text = POD.replace('"true"', '"true"\n    mcp-sluice.dev/rate-limit: "shared: 1/1m"');
    expect((await lint(['-'], { '-': text })).out).toContain('--namespace-file');
    const namespace = 'kind: Namespace\nmetadata: {name: default}\n';
    const known = await lint(['--namespace-file', 'ns', '-'], { '-': text, ns: namespace });
    expect([known.code, known.out.includes('--namespace-file')]).toEqual([1, false]);
    expect((await lint(['--default-redis', 'redis://r:6379', '-'], { '-': text })).code).toBe(0);
  });

  it('[cli:unquoted] asks for quotes around a value that YAML does not read as text, and judges it all the same', async () => {
    const text = POD.replace('"true"', 'true\n    mcp-sluice.dev/port: 99');
    const { code, out } = await lint(['-'], { '-': text });
    expect(code).toBe(1);
    expect(placesOf(out)).toEqual(['-:5: pod/app', '-:6: pod/app', '-:6: pod/app', '']);
    expect(out).toContain('no container declares a port 99');
  });

  it('[cli:broken-yaml] tells the line of broken YAML and of shapes that are none', async () => {
    const broken = await lint(['-'], { '-': 'kind: Pod\nmetadata: {a: 1\n---\nb: [' });
    expect(broken.code).toBe(1);
    expect(broken.out).toMatch(/^-:\d+: /);
    const misshapen = await lint(['-'], { '-': POD.replace(/spec: .*/, 'spec: [1]') });
    expect([misshapen.code, misshapen.out]).toEqual([1, '-:6: pod/app: spec: has to be an object\n']);
    const labels = await lint(['-'], { '-': POD.replace('metadata:', 'metadata:\n  labels: none') });
    expect([labels.code, labels.out]).toEqual([1, expect.stringMatching(/^-:\d+: pod\/app: metadata\.labels: has to be an object\n$/)]);
  });

  it('[cli:lint-ca] judges a CA whose ConfigMap stands beside', async () => {
    const annotations = '"true"\n    mcp-sluice.dev/redis: rediss://r:6380\n    mcp-sluice.dev/redis-ca: corp';
    const text = `${POD.replace('"true"', annotations)}---\nkind: ConfigMap\nmetadata: {name: corp}\ndata: {ca.crt: nonsense}\n`;
    const { code, out } = await lint(['-'], { '-': text });
    expect([code, out]).toEqual([
      1,
      '-:7: pod/app: mcp-sluice.dev/redis-ca: key ca.crt of ConfigMap default/corp holds no PEM certificate\n',
    ]);
  });

  it('[cli:exit-codes] judges nothing where standard input is empty: what stood before the pipe has failed', async () => {
    for (const command of [lint, explain]) {
      for (const text of ['', ' \n'])
        expect(await command(['-'], { '-': text })).toMatchObject({ code: 66, err: expect.stringContaining('is empty') });
      expect(await command(['-'], { '-': '# nothing is on\n' })).toMatchObject({ code: 0 });
    }
  });

  it('[cli:exit-codes] tells a few errors of what is no YAML, not all', async () => {
    const { code, out } = await lint(['-'], { '-': '{[}]: : :\n'.repeat(500) });
    expect(code).toBe(1);
    expect(out.split('\n').length).toBeLessThan(30);
    expect(out).toMatch(/^-:\d+: and \d+ more, from here on$/m);
  });
});
