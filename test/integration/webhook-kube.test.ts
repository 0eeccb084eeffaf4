import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { createAuthorities } from '../../webhook/authorities.ts';
import { issueLeaf } from '../../webhook/certificate.ts';
import { connectToCluster } from '../../webhook/kube.ts';
import { CONFLICT, type KubeApi, kubePaths } from '../../webhook/kube-api.ts';

interface Seen {
  readonly line: string;
  readonly token: string | undefined;
  readonly contentType: string | undefined;
  readonly accept: string | undefined;
  readonly body: string;
}

describe('the apiserver as we ask it', () => {
  const seen: Seen[] = [];
  const directory = mkdtempSync(join(tmpdir(), 'mcp-sluice-kube-'));
  let next: { status: number; body: string } | 'silence' = { status: 200, body: '{}' };
  let api: KubeApi;
  let connections = 0;
  let aheadMs = 0;
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => {
      body += chunk;
    });
    request.on('end', () => {
      const { authorization, accept, 'content-type': contentType } = request.headers;
      seen.push({ line: `${request.method} ${request.url}`, token: authorization, accept, contentType, body });
      response.setHeader('Date', new Date(Date.now() + aheadMs).toUTCString());
      if (next !== 'silence') response.writeHead(next.status, { 'Content-Type': 'application/json' }).end(next.body);
    });
  });

  beforeAll(async () => {
    const { signer, bundle } = await createAuthorities(Date.now());
    const leaf = await issueLeaf(signer, ['localhost'], Date.now());
    server.setSecureContext({ cert: leaf.certificate, key: leaf.key });
    server.on('secureConnection', () => connections++);
    await new Promise<void>((resolve) => server.listen(0, 'localhost', resolve));
    const { port } = server.address() as AddressInfo;
    const cluster = { server: `https://localhost:${port}`, 'certificate-authority-data': Buffer.from(bundle).toString('base64') };
    const kubeconfig = {
      clusters: [{ name: 'c', cluster }],
      users: [{ name: 'u', user: { token: 't0ken' } }],
      contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }],
      'current-context': 'x',
    };
    writeFileSync(join(directory, 'config'), JSON.stringify(kubeconfig));
    vi.stubEnv('KUBECONFIG', join(directory, 'config'));
    api = connectToCluster({ timeoutMs: 500 });
  });
  afterAll(async () => {
    vi.unstubAllEnvs();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    rmSync(directory, { recursive: true });
  });

  it('reads raw JSON with our token, fields that no model knows included', async () => {
    next = { status: 200, body: '{"metadata":{"name":"n"},"fieldOfTomorrow":{"a":[1]}}' };
    expect(await api.read(kubePaths.namespace('n'))).toEqual({ metadata: { name: 'n' }, fieldOfTomorrow: { a: [1] } });
    expect(seen.at(-1)).toMatchObject({ line: 'GET /api/v1/namespaces/n', token: 'Bearer t0ken' });
  });

  it('tells what is not there, and throws for everything else', async () => {
    next = { status: 404, body: '{}' };
    expect(await api.read('/x')).toBeUndefined();
    next = { status: 403, body: 'forbidden' };
    await expect(api.read('/x')).rejects.toMatchObject({ status: 403, message: 'GET /x: 403 forbidden' });
  });

  it.each<[string, number[], (kube: KubeApi) => Promise<unknown>]>([
    ['create', [409], (kube) => kube.create('/c', { metadata: { name: 'n' } })],
    ['replace', [404, 409], (kube) => kube.replace('/c/n', { metadata: { name: 'n', resourceVersion: '1' } })],
    ['apply', [404, 409], (kube) => kube.apply('/c/n', { metadata: { name: 'n' } })],
  ])('knows who lost a race on %s, and takes no other refusal for it', async (_what, statuses, write) => {
    for (const status of statuses) {
      next = { status, body: '{}' };
      expect(await write(api)).toBe(CONFLICT);
    }
    next = { status: 500, body: 'oops' };
    await expect(write(api)).rejects.toThrow('500 oops');
  });

  it('[webhook:ca-bundle] applies under our name, and takes the fields from whoever has them', async () => {
    next = { status: 200, body: '{"metadata":{}}' };
    await api.apply('/c/n', { metadata: { name: 'n' } });
    expect(seen.at(-1)).toMatchObject({
      line: 'PATCH /c/n?fieldManager=mcp-sluice-webhook&force=true',
      contentType: 'application/apply-patch+yaml',
      body: '{"metadata":{"name":"n"}}',
    });
  });

  it('lists page by page, metadata alone where that will do', async () => {
    next = { status: 200, body: '{"items":[{"metadata":{"name":"a"}}],"metadata":{"continue":"abc"}}' };
    expect(await api.list('/api/v1/pods', { limit: 500, labelSelector: '!a/b', isMetadataOnly: true })).toEqual({
      items: [{ metadata: { name: 'a' } }],
      next: 'abc',
    });
    expect(seen.at(-1)).toMatchObject({
      line: 'GET /api/v1/pods?limit=500&labelSelector=%21a%2Fb',
      accept: 'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1',
    });
    next = { status: 200, body: '{"items":null,"metadata":{"continue":""}}' };
    expect(await api.list('/api/v1/pods', { limit: 1, from: 'abc', fieldSelector: 'a!=b' })).toEqual({ items: [] });
    expect(seen.at(-1)).toMatchObject({ line: 'GET /api/v1/pods?limit=1&continue=abc&fieldSelector=a%21%3Db', accept: 'application/json' });
  });

  it('removes, and knows what was not there', async () => {
    next = { status: 200, body: '{"status":"Success"}' };
    expect(await api.remove('/c/n')).toBe(true);
    expect(seen.at(-1)).toMatchObject({ line: 'DELETE /c/n', body: '{"propagationPolicy":"Background"}' });
    next = { status: 404, body: '{}' };
    expect(await api.remove('/c/n')).toBe(false);
    next = { status: 403, body: 'no' };
    await expect(api.remove('/c/n')).rejects.toMatchObject({ status: 403 });
  });

  it('[webhook:clock] knows how far the clock of the apiserver is from ours', async () => {
    next = { status: 200, body: '{}' };
    aheadMs = 7_200_000;
    await api.read('/x');
    expect(Math.abs(api.skewMs() - aheadMs)).toBeLessThan(60_000);
    aheadMs = 0;
    await api.read('/x');
    expect(Math.abs(api.skewMs())).toBeLessThan(60_000);
  });

  it('asks over one connection', async () => {
    next = { status: 200, body: '{}' };
    const before = connections;
    for (let index = 0; index < 5; index++) await api.read('/x');
    expect(connections - before).toBeLessThanOrEqual(1);
  });

  it('does not wait for an apiserver that says nothing', async () => {
    next = 'silence';
    await expect(api.read('/x')).rejects.toMatchObject({ status: 0, message: 'GET /x: no answer within 500 ms' });
  });

  it('escapes names in paths', () => {
    expect(kubePaths.configMap('a/b', '../secrets/x')).toBe('/api/v1/namespaces/a%2Fb/configmaps/..%2Fsecrets%2Fx');
  });
});
