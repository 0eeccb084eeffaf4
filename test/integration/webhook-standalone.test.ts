import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterAll, describe, expect, it } from 'vitest';
import { startStandalone } from '../../webhook/start.ts';
import { ask, reviewOf } from '../support/test-webhook.ts';

const directory = mkdtempSync(join(tmpdir(), 'mcp-sluice-standalone-'));
const start = async (namespaces?: string) => {
  const options = { standalone: true, listen: { host: '127.0.0.1', port: 0 }, defaults: {}, logLevel: 'silent', image: 'ours:1' } as const;
  const namespacesFile = join(directory, 'namespaces.yaml');
  if (namespaces !== undefined) writeFileSync(namespacesFile, namespaces);
  const tlsDirectory = join(directory, 'tls');
  const effects = { log: pino({ level: 'silent' }), clock: Date.now };
  const webhook = await startStandalone({ ...options, tlsDirectory, ...(namespaces !== undefined && { namespacesFile }) }, effects);
  return { webhook, port: webhook.address.port, ca: () => readFileSync(join(tlsDirectory, 'ca.crt'), 'utf8') };
};
const limited = {
  metadata: { name: 'p', annotations: { 'mcp-sluice.dev/inject': 'true', 'mcp-sluice.dev/rate-limit': 'shared: 3/1m' } },
  spec: { containers: [{ name: 'app', image: 'app:1', ports: [{ containerPort: 8080 }] }] },
};

describe('the webhook without a cluster', () => {
  afterAll(() => rmSync(directory, { recursive: true }));

  it('[webhook:standalone] is ready at once, by a CA of its own, and leaves no key behind', async () => {
    const webhook = await start();
    expect((await ask(webhook, '/readyz')).status).toBe(200);
    expect(readdirSync(join(directory, 'tls'))).toEqual(['ca.crt']);
    const { text } = await ask(webhook, '/mutate', { body: reviewOf({ object: limited }) });
    expect(text).toMatch(/"allowed":false.*LIMIT_WITHOUT_REDIS/);
    await webhook.webhook.stop();
  });

  it('[webhook:standalone] judges by the Namespaces of a file', async () => {
    const webhook = await start(
      'kind: Namespace\nmetadata: {name: shop, annotations: {mcp-sluice.dev/redis: "redis://r:6379"}}\n---\n---\nkind: Namespace\nmetadata: {name: bare}\n',
    );
    const allowed = async (namespace: string) =>
      JSON.parse((await ask(webhook, '/mutate', { body: reviewOf({ object: limited, namespace }) })).text).response.allowed;
    expect([await allowed('shop'), await allowed('bare')]).toEqual([true, false]);
    await webhook.webhook.stop();
  });

  it('does not start on a file that is no YAML', async () => {
    await expect(start('a: [')).rejects.toThrow(/namespaces.yaml/);
  });
});
