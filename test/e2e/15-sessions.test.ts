import { describe, expect, it } from 'vitest';
import { hostUrl, metricsOf, readyPods, sampleOf } from './cluster.ts';
import { churnFromPod } from './cluster-client.ts';
import { apply, type KubeObject, kubectl } from './kubectl.ts';
import { type Answer, post } from './mcp-client.ts';
import { useNamespaces } from './namespace.ts';
import { clientPod, deployment, nodePort, REDIS_URL, redis } from './objects.ts';
import { until } from './until.ts';

const namespace = 'e2e-15';
const FULL = 'Maximum concurrent sessions exceeded. Please try again later or contact administrator.';

describe('session caps', () => {
  useNamespaces({ [namespace]: {} });

  it('[e2e:session-cap] refuses the session above the cap with 503, and takes it once another was idle for its time', async () => {
    const template = { inject: 'true', sessions: '{max: 2, idleTimeout: 15s}', rejection: 'http' };
    const options = { name: 'idle', namespace, server: 'python' } as const;
    await apply(...redis(namespace), deployment({ ...options, template }), nodePort(options));
    const [app] = await readyPods(namespace, 'idle');
    const url = await hostUrl(namespace, 'idle');
    const first = await open(url);
    expect([first.status, (await open(url)).status]).toEqual([200, 200]);

    const refused = await open(url);
    expect(refused.status).toBe(503);
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
    expect(JSON.parse(refused.text)).toMatchObject({ jsonrpc: '2.0', id: 1, error: { code: -32000, message: FULL } });

    await until('a slot to fall free', async () => (await open(url)).status === 200, { everyMs: 1_000 });
    const late = await send(url, first, 'tools/list');
    expect([late.status, JSON.parse(late.text).error.code]).toEqual([404, -32001]);
    expect(sampleOf(await metricsOf(app), 'mcp_sluice_sessions')).toBeLessThanOrEqual(2);
  });

  it('[e2e:session-replicas] three replicas share one cap, and the slots of a pod that is deleted are free soon', async () => {
    const template = { inject: 'true', redis: REDIS_URL, sessions: '{max: 12, idleTimeout: 1h}', rejection: 'http' };
    const options = { name: 'shared', namespace, server: 'python' } as const;
    await apply(deployment({ ...options, template, replicas: 3 }), nodePort(options));
    const pods = await readyPods(namespace, 'shared', 3);
    const url = await hostUrl(namespace, 'shared');
    const answers = await openMany(url, 40);
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(12);
    expect(answers.filter(({ status }) => status === 503)).toHaveLength(28);

    const held = await Promise.all(pods.map((pod) => sessionsOf(pod)));
    expect(held.reduce((sum, count) => sum + count, 0)).toBe(12);
    const most = Math.max(...held);
    const gone = pods[held.indexOf(most)] as KubeObject;
    await kubectl(['delete', 'pod', gone.metadata.name, '-n', namespace, '--grace-period=0', '--force']);
    let opened = 0;
    await until('its slots to be free', async () => {
      if ((await open(url)).status === 200) opened += 1;
      return opened === most;
    });
    expect((await open(url)).status).toBe(503);
  });

  it('[e2e:session-rollout] a rolling restart under load refuses nobody without cause and leaves no slot behind', async () => {
    const template = { inject: 'true', redis: REDIS_URL, sessions: '{max: 20, idleTimeout: 1h}', rejection: 'http' };
    const options = { name: 'rolled', namespace, server: 'python' } as const;
    await apply(deployment({ ...options, template, replicas: 3 }), nodePort(options), clientPod(namespace));
    await readyPods(namespace, 'rolled', 3);
    await kubectl(['wait', '-n', namespace, '--for=condition=Ready', 'pod/client', '--timeout=60s']);
    const url = await hostUrl(namespace, 'rolled');

    const load = churnFromPod(namespace, 'http://rolled:8000/mcp', { workers: 4, forMs: 45_000 });
    await kubectl(['rollout', 'restart', 'deployment/rolled', '-n', namespace]);
    await kubectl(['rollout', 'status', 'deployment/rolled', '-n', namespace, '--timeout=120s'], { timeoutMs: 130_000 });
    const churned = await load;
    expect(churned.opened).toBeGreaterThan(20);
    expect(churned.refused).toBe(0);

    await readyPods(namespace, 'rolled', 3);
    // What the old pods held is free once they have said goodbye, or have been silent for long enough.
    let opened = 0;
    await until('the whole cap to be there again', async () => {
      if ((await open(url)).status === 200) opened += 1;
      return opened === 20;
    });
    expect((await open(url)).status).toBe(503);
  });
});

const INITIALIZE = {
  jsonrpc: '2.0',
  id: 1,
  method: 'initialize',
  params: { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'e2e', version: '1' } },
};

const open = (url: URL): Promise<Answer> => post(url, INITIALIZE);

/** A few at once: forty at once can keep Redis from answering in time, and what holds then is another promise. */
async function openMany(url: URL, count: number): Promise<Answer[]> {
  const answers: Answer[] = [];
  while (answers.length < count) answers.push(...(await Promise.all(Array.from({ length: 4 }, () => open(url)))));
  return answers;
}

function send(url: URL, opened: Answer, method: string): Promise<Answer> {
  return post(url, { jsonrpc: '2.0', id: 2, method }, { 'Mcp-Session-Id': opened.headers.get('mcp-session-id') ?? '' });
}

async function sessionsOf(pod: KubeObject): Promise<number> {
  return sampleOf(await metricsOf(pod), 'mcp_sluice_sessions');
}
