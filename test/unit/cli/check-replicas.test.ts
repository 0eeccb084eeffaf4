import { expect, it } from 'vitest';
import { readInstalled } from '../../../src/cli/check/installed.ts';
import { checkReplicas } from '../../../src/cli/check/live.ts';
import { createCluster } from './fake-cluster.ts';

it('[cli:check-certificates] does not ask replicas on their way out: after a rollout there are some for a while', async () => {
  const cluster = createCluster('');
  const path = '/api/v1/namespaces/mcp-sluice-system/pods/a';
  cluster.kube.put(path, { metadata: { ...cluster.kube.objects.get(path)?.metadata, deletionTimestamp: '2026-11-21T00:00:00Z' } });
  cluster.answer((asked) => (asked.includes('https:a:10250') ? { status: 503, body: 'stopping\n' } : undefined));
  expect(checkReplicas(await readInstalled(cluster)).map(({ check }) => check)).toEqual(['webhook-ready b']);
});
