import { describe, expect, it } from 'vitest';
import type { Explanation } from '../../../src/cli/explain/explain.ts';
import { admit } from '../../../src/inject/admit.ts';
import { readGoldens } from '../inject/golden-file.ts';
import { explain } from './run.ts';

const POD = `apiVersion: v1
kind: Pod
metadata:
  name: app
  namespace: tools
  annotations:
    mcp-sluice.dev/inject: "true"
    mcp-sluice.dev/rate-limit: "shared: 3/1m"
spec: {containers: [{name: app, ports: [{containerPort: 3000}, {containerPort: 9090, name: metrics}]}, {name: helper}]}
`.replace('{containerPort: 3000}', '{containerPort: 3000, name: mcp}');
const DEPLOYMENT = `apiVersion: apps/v1
kind: Deployment
metadata:
  name: app
  namespace: tools
  annotations: {mcp-sluice.dev/inject: "true", mcp-sluice.dev/log-level: debug, mcp-sluice.dev/rejection: http}
spec:
  template:
    metadata: {annotations: {mcp-sluice.dev/rejection: jsonrpc}}
    spec: {containers: [{name: app, ports: [{containerPort: 3000}]}]}
`;
const NAMESPACE = `kind: Namespace
metadata:
  name: tools
  labels: {pod-security.kubernetes.io/enforce: baseline}
  annotations: {mcp-sluice.dev/mode: shadow}
`;
const FLAGS = ['--default-redis', 'redis://r:6379'];

async function explained(manifest: string, namespace = NAMESPACE, flags = FLAGS): Promise<Explanation & { code: number }> {
  const { code, out } = await explain([...flags, '-o', 'json', '--namespace-file', 'ns', '-'], { '-': manifest, ns: namespace });
  const [first] = JSON.parse(out) as Explanation[];
  if (first === undefined) throw new Error('nothing explained');
  return { ...first, code };
}
const fromOf = ({ effective }: Explanation) =>
  Object.fromEntries(effective.filter(({ from }) => from !== 'default').map(({ key, value, from }) => [key, [value, from]]));

describe('mcp-sluice explain', () => {
  it('[cli:explain-why] says of a pod that it gets the sidecar, and what was asked and judged', async () => {
    const found = await explained(POD);
    expect(found).toMatchObject({ code: 0, verdict: 'injected', decided: { port: 3000, capture: 'takeover' } });
    expect(found.asked.map(({ what, holds }) => [what, holds])).toEqual([
      ['rules', true],
      ['namespaceSelector', true],
      ['matchCondition one-of-our-annotations', true],
      ['matchCondition no-mirror-pod', true],
      ['matchCondition not-being-deleted', true],
    ]);
    expect(found.policies.map(({ policy, word, withoutWebhook }) => [policy, word, withoutWebhook])).toEqual([
      ['mcp-sluice-pods', 'passes', 'refuses'],
      ['mcp-sluice-images', 'passes', 'does not judge'],
    ]);
    expect(found.policies[0]?.detail).toContain('would run without its limits');
    expect(found.podSecurity).toEqual({ level: 'baseline', violations: [] });
  });

  it('[cli:explain-origin] tells of each value in force which level it comes from', async () => {
    expect(fromOf(await explained(POD))).toEqual({
      inject: ['true', 'the pod'],
      'rate-limit': ['shared: 3/1m', 'the pod'],
      redis: ['redis://r:6379', "the webhook's default"],
      mode: ['shadow', 'namespace tools'],
    });
    expect(fromOf(await explained(DEPLOYMENT, NAMESPACE, []))).toEqual({
      inject: ['true', "the Deployment's metadata"],
      rejection: ['jsonrpc', 'the pod template'],
      'log-level': ['debug', "the Deployment's metadata"],
      mode: ['shadow', 'namespace tools'],
    });
    const { effective } = await explained(POD);
    expect(effective).toContainEqual({ key: 'on-redis-failure', value: 'open', from: 'default' });
  });

  it('[cli:explain-origin] tells the same of what was injected already', async () => {
    const { inject } = await import('./run.ts');
    for (const manifest of [POD, DEPLOYMENT]) {
      const { out } = await inject([...FLAGS, '--namespace-file', 'ns', '-'], { '-': manifest, ns: NAMESPACE });
      expect(fromOf(await explained(out))).toEqual(fromOf(await explained(manifest)));
    }
  });

  it('[cli:explain-bypass] names what still leads past the sidecar of this very pod', async () => {
    const { bypass } = await explained(POD);
    for (const part of [
      'pods/portforward',
      'app, helper',
      'port 9090 (metrics) of container app',
      'mcp-sluice.dev/webhook: ignore',
      'mode is shadow',
      'Redis does not answer every call passes',
    ]) {
      expect(bypass.filter((way) => way.includes(part))).toHaveLength(1);
    }
    const closed = POD.replace(
      'shared: 3/1m"',
      'shared: 3/1m"\n    mcp-sluice.dev/redis: redis://r\n    mcp-sluice.dev/on-redis-failure: closed\n    mcp-sluice.dev/mode: enforce',
    );
    expect((await explained(closed)).bypass.some((way) => /shadow|every call/.test(way))).toBe(false);
  });

  it('[ports:explained] names all captured ports, and what nothing captures', async () => {
    const several = POD.replace('{containerPort: 9090, name: metrics}', '{containerPort: 3001}, {containerPort: 9090}').replace(
      'inject: "true"',
      'inject: "true"\n    mcp-sluice.dev/port: "mcp, 3001"',
    );
    const { decided, bypass } = await explained(several);
    expect(decided).toEqual({ ports: [3000, 3001], capture: 'takeover' });
    expect(bypass.filter((way) => way.includes('not captured'))).toEqual(['port 9090 of container app is not captured']);
    const { out } = await explain([...FLAGS, '--namespace-file', 'ns', '-'], { '-': several, ns: NAMESPACE });
    expect(out).toContain('    ports: 3000, 3001\n');
  });

  it('[cli:explain-entries] tells what a remote entry is in force with, where its secrets come from, and what leads past it', async () => {
    const list = `
      - name: github
        url: https://mcp.github.example/mcp
        caBundle: {configMap: corp-ca, key: root.pem, exclusive: true}
        headers: [{name: Authorization, secret: login, key: token}]
        rateLimit: {shared: 10/1m, tools: {search: {shared: 3/1m, cost: 2}}}
      - {name: plain, url: 'http://10.0.0.1/mcp', allowInsecure: true, allowPrivate: true, transport: sse}`;
    const agent = `kind: Pod
metadata:
  name: agent
  namespace: tools
  annotations:
    mcp-sluice.dev/inject: "true"
    mcp-sluice.dev/remote-entries: |${list}
spec: {containers: [{name: agent, env: [{name: MCP_ENTRY_PLAIN_URL, value: 'http://10.0.0.1/mcp'}]}]}
`;
    const found = await explained(agent);
    expect(found).toMatchObject({ code: 0, verdict: 'injected', decided: { entries: '127.0.0.1:15010' } });
    expect([found.decided.port, found.decided.capture]).toEqual([undefined, undefined]);
    expect(found.entries).toEqual([
      {
        name: 'github',
        variable: 'MCP_ENTRY_GITHUB_URL',
        local: 'http://127.0.0.1:15010/github',
        url: 'https://mcp.github.example/mcp',
        transport: 'streamable-http',
        trust: 'ConfigMap corp-ca, key root.pem, alone',
        addresses: 'public',
        headers: ['Authorization: key token of Secret login'],
        limit: '10/1m; tool search 3/1m, cost 2',
      },
      expect.objectContaining({
        name: 'plain',
        transport: 'sse',
        trust: expect.stringMatching(/^nothing/),
        addresses: 'public and private',
        limit: expect.stringMatching(/^none/),
      }),
    ]);
    for (const part of [
      'mcp-sluice policy',
      'reaches the entries over loopback',
      'container agent sets MCP_ENTRY_PLAIN_URL itself',
      'no rateLimit is set for plain:',
      'on the way to plain',
      'Redis does not answer',
    ]) {
      expect(found.bypass.filter((way) => way.includes(part))).toHaveLength(1);
    }
    expect(found.bypass.join()).not.toMatch(/reaches the server|no rate-limit/);
    const text = (await explain([...FLAGS, '-'], { '-': agent })).out;
    expect(text).toContain(
      '\n  remote entries\n    github: http://127.0.0.1:15010/github (MCP_ENTRY_GITHUB_URL) → https://mcp.github.example/mcp',
    );
    expect(text).toContain('\n      header Authorization: key token of Secret login\n');
    const both = agent.replace('name: agent, env', 'name: agent, ports: [{name: mcp, containerPort: 80}], env');
    expect((await explained(both)).bypass.join()).toMatch(/reaches the server.*reaches the entries/);
  });

  it.each([
    [
      'nothing of ours',
      POD.replaceAll(/ +mcp-sluice.*\n/g, '').replace('annotations:', 'labels: {}'),
      NAMESPACE,
      'not asked about',
      'no annotation that begins with',
    ],
    ['inject: "false"', POD.replace('inject: "true"', 'inject: "false"'), NAMESPACE, 'not asked for', 'mcp-sluice.dev/inject is "false"'],
    ['no inject', POD.replace(/.*inject: "true"\n/, ''), NAMESPACE, 'not asked for', 'mcp-sluice.dev/inject is not set'],
    [
      'a namespace left out',
      POD,
      NAMESPACE.replace('{pod-sec', '{mcp-sluice.dev/webhook: ignore, pod-sec'),
      'not asked about',
      'label mcp-sluice.dev/webhook is "ignore"',
    ],
    [
      'a static pod',
      POD.replace('annotations:', 'annotations:\n    kubernetes.io/config.mirror: x'),
      NAMESPACE,
      'not asked about',
      'no-mirror-pod',
    ],
    ['a mistake', POD.replace('3/1m', 'lots'), NAMESPACE, 'denied', 'mistakes'],
    [
      'a forbidden capture',
      POD.replace('inject:', 'capture: redirect\n    mcp-sluice.dev/inject:'),
      NAMESPACE,
      'refused',
      'adds the capability NET_ADMIN',
    ],
    [
      'our own namespace',
      POD.replace('namespace: tools', 'namespace: mcp-sluice-system'),
      NAMESPACE,
      'not asked about',
      'namespaceSelector',
    ],
  ])('[cli:explain-why] says why not: %s', async (_, manifest, namespace, verdict, why) => {
    const found = await explained(manifest, namespace);
    expect([found.verdict, found.code]).toEqual([verdict, verdict === 'denied' || verdict === 'refused' ? 1 : 0]);
    expect(found.why).toContain(why);
    expect(found.bypass).toEqual([]);
  });

  it('[cli:explain-why] tells of a pod whose sidecar is forged which policy refuses it', async () => {
    const forged = POD.replace('spec: {', 'spec: {initContainers: [{name: mcp-sluice, image: evil, restartPolicy: Always}], ');
    expect(await explained(forged)).toMatchObject({ verdict: 'denied' });
    const outside = forged.replace('inject: "true"', 'inject: "false"');
    expect((await explained(outside)).verdict).toBe('not asked for');
  });

  it('[cli:explain-text] reads as text, with the errors of the object and where it stands', async () => {
    const { code, out, err } = await explain(['-'], { '-': `kind: Service\n---\n${POD.replace('3/1m', 'lots')}` });
    expect([code, err]).toEqual([1, '']);
    expect(out.split('\n').slice(0, 4)).toEqual([
      'Pod tools/app (-:3) would be denied',
      '  its settings have mistakes',
      '  problems',
      expect.stringMatching(/^ {4}error: mcp-sluice\.dev\/rate-limit/),
    ]);
    expect(out).toContain('--namespace-file tells');
  });

  it('[cli:no-secrets] keeps back what may be a password in a URL, which the webhook would refuse', async () => {
    const values = {
      redis: 'redis://user:hunter2/x@r:6379?password=hunter2',
      'remote-entries': '- {name: a, url: "https://user:hunter2@a.example/@scope"}',
    };
    const lines = Object.entries(values).map(([key, value]) => `    mcp-sluice.dev/${key}: '${value}'\n`);
    const manifest = POD.replace('  annotations:\n', `  annotations:\n${lines.join('')}`);
    for (const output of ['text', 'json']) {
      const { code, out, err } = await explain(['-o', output, '-'], { '-': manifest });
      expect([code, out]).toEqual([1, expect.stringContaining('…@a.example/@scope')]);
      expect(out + err).not.toContain('hunter2');
    }
  });

  it('[cli:explain-text] says where there is nothing to explain', async () => {
    expect(await explain(['-'], { '-': 'kind: Service\n' })).toEqual({
      code: 0,
      out: '',
      err: 'mcp-sluice explain: no pod or workload in it\n',
    });
    expect(await explain(['-'], { '-': 'a: [' })).toMatchObject({ code: 1, err: expect.stringMatching(/^-:\d+: /) });
    expect(await explain([])).toMatchObject({ code: 64 });
  });

  it.each(
    readGoldens()
      .filter(
        ({ header }) =>
          !(header.operation || header.owner || header.configMaps || header.allowedImages || header.subResource || header.imagePullSecrets),
      )
      .map((golden) => [golden.name, golden] as const),
  )('[cli:explain-why] agrees with the webhook on %s, and the policies with both', async (_, { source, facts, input, header }) => {
    const redis = header.defaults?.['mcp-sluice.dev/redis'];
    const flags = ['--image', facts.image, '--pod-security', 'privileged', ...(redis === undefined ? [] : ['--default-redis', redis])];
    const found = await explained(source, JSON.stringify({ kind: 'Namespace', metadata: facts.namespace }), flags);
    const labels = { ...facts.namespace.labels, 'pod-security.kubernetes.io/enforce': 'privileged' };
    const { allowed } = admit(input, { ...facts, namespace: { ...facts.namespace, labels } });
    if (found.asked.every(({ holds }) => holds === true)) expect(found.verdict === 'denied').toBe(!allowed);
    expect(found.asked.some(({ holds }) => holds === 'unknown')).toBe(false);
    if (found.verdict !== 'injected') return;
    expect(found.policies.every(({ word }) => word === 'passes' || word === 'does not judge')).toBe(true);
    expect(found.policies.length).toBeGreaterThanOrEqual(2);
  });
});
