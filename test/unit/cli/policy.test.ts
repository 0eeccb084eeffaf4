import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';
import { policy } from './run.ts';

const entries = (list: string) => `mcp-sluice.dev/remote-entries: "[${list}]"`;
const GITHUB = '{name: github, url: https://mcp.github.example/mcp}';

/** A Deployment with these annotations on its metadata. */
function deployment(annotations: readonly string[], selector = 'matchExpressions: [{key: app, operator: In, values: [agent]}]'): string {
  return `apiVersion: apps/v1
kind: Deployment
metadata:
  name: agent
  namespace: tools
  annotations:
    mcp-sluice.dev/inject: "true"
    mcp-sluice.dev/capture: none
${annotations.map((line) => `    ${line}\n`).join('')}spec:
  selector: {${selector}}
  template:
    metadata: {labels: {app: agent}}
    spec: {containers: [{name: agent, image: a}]}
`;
}

const pod = (labels: string) => `apiVersion: v1
kind: Pod
metadata:
  name: agent
  labels: {${labels}}
  annotations:
    mcp-sluice.dev/inject: "true"
    ${entries(GITHUB)}
spec: {containers: [{name: agent, image: a}]}
`;

async function egressOf(...annotations: string[]) {
  const { code, out, err } = await policy(['-'], { '-': deployment(annotations) });
  expect([code, err]).toEqual([0, '']);
  return parse(out).spec.egress as { to: unknown[]; ports?: unknown[] }[];
}
const inNamespace = (name: string) => ({ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': name } }, podSelector: {} });
const tcp = (port: number) => [{ protocol: 'TCP', port }];

describe('mcp-sluice policy', () => {
  it('[cli:policy] leaves DNS and the entries, and says what stays open', async () => {
    const { out } = await policy(['-'], { '-': deployment([entries(GITHUB)]) });
    expect(parse(out)).toMatchObject({
      apiVersion: 'networking.k8s.io/v1',
      kind: 'NetworkPolicy',
      metadata: { name: 'agent-mcp-sluice-egress', namespace: 'tools' },
      spec: { policyTypes: ['Egress'] },
    });
    const [dns, github, ...others] = parse(out).spec.egress;
    expect(dns.ports.map(({ port }: { port: number }) => port)).toEqual([53, 53]);
    expect([github.ports, others]).toEqual([tcp(443), []]);
    expect(github.to[0].ipBlock.except).toEqual(expect.arrayContaining(['10.0.0.0/8', '169.254.0.0/16']));
    expect(out).toMatch(/^# .*the app may still dial by itself, unverified and unmetered/s);
    expect(out).toMatch(/# A NetworkPolicy knows no names: every public address, at port 443; narrow it/);
  });

  it('[cli:policy] leaves Redis and the issuer of tokens, wherever they were set', async () => {
    const files = {
      '-': deployment([entries(GITHUB)]),
      ns: 'kind: Namespace\nmetadata: {name: tools, annotations: {mcp-sluice.dev/identity: "{jwt: {issuer: https://idp.corp.example:8443, audience: a}}"}}',
    };
    const { out } = await policy(['--default-redis', 'rediss://redis.infra.svc.cluster.local', '--namespace-file', 'ns', '-'], files);
    const egress = parse(out).spec.egress;
    expect(egress[1]).toEqual({ to: [inNamespace('infra')] });
    expect(egress[2].ports).toEqual(tcp(8443));
    expect(egress).toHaveLength(4);
  });

  it.each([
    ['https://tools.corp.svc:8443/mcp', { to: [inNamespace('corp')] }],
    ['https://tools/mcp', { to: [{ podSelector: {} }] }],
    ['https://10.1.2.3/mcp', { to: [{ ipBlock: { cidr: '10.1.2.3/32' } }], ports: tcp(443) }],
    ['https://[fd00::7]:99/mcp', { to: [{ ipBlock: { cidr: 'fd00::7/128' } }], ports: tcp(99) }],
  ])('[cli:policy] is as narrow as it can be for %s', async (url, rule) => {
    expect((await egressOf(entries(`{name: a, url: '${url}', allowPrivate: true}`)))[1]).toEqual(rule);
  });

  it('[cli:policy] opens private addresses for the entries alone that may have one, and metadata for none', async () => {
    const egress = await egressOf(entries(`${GITHUB}, {name: b, url: 'https://b.corp.example', allowPrivate: true}`));
    const [github, corp] = [JSON.stringify(egress[1]), JSON.stringify(egress[2])];
    expect([github.includes('fc00::/7'), corp.includes('fc00::/7')]).toEqual([false, true]);
    expect([github.includes('"10.0.0.0/8"'), corp.includes('"10.0.0.0/8"')]).toEqual([true, false]);
    for (const address of ['169.254.0.0/16', '168.63.129.16/32', '192.0.0.192/32'])
      for (const rule of [github, corp]) expect(rule).toContain(`"${address}"`);
    for (const address of ['100.100.100.200/32', 'fd00:ec2::/32', 'fd20:ce::254/128', 'fd00:c1::a9fe:a9fe/128', 'fd00:42::42/128'])
      expect(corp).toContain(`"${address}"`);
  });

  it("[cli:policy-selects] selects by the workload's own selector, else by the labels of its pods", async () => {
    const selectorOf = async (manifest: string) => parse((await policy(['-'], { '-': manifest })).out).spec.podSelector;
    expect(await selectorOf(deployment([entries(GITHUB)]))).toEqual({
      matchExpressions: [{ key: 'app', operator: 'In', values: ['agent'] }],
    });
    expect(await selectorOf(deployment([entries(GITHUB)], ''))).toEqual({ matchLabels: { app: 'agent' } });
    expect(await selectorOf(pod('a: b'))).toEqual({ matchLabels: { a: 'b' } });
  });

  it('[cli:policy-selects] refuses pods without labels: an empty selector would be all of the namespace', async () => {
    const { code, out, err } = await policy(['-'], { '-': `${deployment([entries(GITHUB)])}---\n${pod('')}` });
    expect([code, out]).toEqual([1, '']);
    expect(err).toMatch(
      /^-:20: pod\/agent: metadata\.labels: its pods have no label that a NetworkPolicy could select them by; give them one\n$/m,
    );
  });

  it('[cli:policy] prints one for each that has entries, and fails where none has, or one is denied', async () => {
    const plain = deployment([entries(GITHUB)]).replace(/^ *mcp-sluice.*\n/gm, '');
    const { out } = await policy(['-'], { '-': [deployment([entries(GITHUB)]), plain, pod('a: b')].join('---\n') });
    expect(parseAllDocuments(out).map((document) => document.toJS().metadata.namespace)).toEqual(['tools', undefined]);
    expect(await policy(['-'], { '-': plain })).toMatchObject({ code: 1, out: '', err: expect.stringContaining('no pod or workload') });
    const denied = await policy(['-'], { '-': deployment([entries('{name: a, url: http://169.254.169.254}')]) });
    expect(denied).toMatchObject({ code: 1, out: '', err: expect.stringContaining('the sidecar never goes there') });
    expect(await policy([])).toMatchObject({ code: 64 });
    expect(await policy(['gone.yaml'])).toMatchObject({ code: 66, out: '' });
    expect(await policy(['--help'])).toMatchObject({ code: 0, out: expect.stringContaining('Usage: mcp-sluice policy') });
  });

  it('[cli:policy-output] takes directories and warns, as the other commands on manifests do, and prints JSON', async () => {
    const files = { 'dir/a.yaml': deployment([entries(GITHUB)]), 'dir/sub/b.yaml': pod('a: b'), 'dir/notes.txt': 'x' };
    const one = await policy(['-o', 'json', 'dir'], files);
    expect([one.code, JSON.parse(one.out)]).toEqual([0, parse((await policy(['dir'], files)).out)]);
    const both = JSON.parse((await policy(['-R', '-o', 'json', 'dir'], files)).out);
    expect([both.kind, both.items.map(({ kind }: { kind: string }) => kind)]).toEqual(['List', ['NetworkPolicy', 'NetworkPolicy']]);
    const clear = await policy(['-'], {
      '-': pod('a: b').replace(GITHUB, '{name: a, url: http://a.example, allowInsecure: true, headers: [{name: X, secret: s, key: k}]}'),
    });
    expect([clear.code, clear.err]).toEqual([0, expect.stringMatching(/^-:\d+: pod\/agent: warning: .*unencrypted/)]);
    expect(await policy(['-o', 'xml', 'dir'], files)).toMatchObject({ code: 64, out: '' });
  });

  it('[cli:policy] reads the example', async () => {
    const text = readFileSync(new URL('../../../manifests/examples/remote-entries.yaml', import.meta.url), 'utf8');
    expect(parse((await policy(['-'], { '-': text })).out).spec.egress).toHaveLength(4);
  });
});
