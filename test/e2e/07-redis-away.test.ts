import { describe, expect, it } from 'vitest';
import { hostUrl, metricsOf, readyPods, sampleOf, sidecarLog } from './cluster.ts';
import { apply, type KubeObject, kubectl, listObjects } from './kubectl.ts';
import { type Answer, post, toolCall } from './mcp-client.ts';
import { useNamespaces } from './namespace.ts';
import { deployment, nodePort, REDIS_URL, redis } from './objects.ts';
import { until } from './until.ts';

const namespace = 'e2e-07';
const options = { name: 'app', namespace, server: 'python' } as const;

describe('Redis away', () => {
  useNamespaces({ [namespace]: {} });
  let url: URL;
  let app: KubeObject;
  /** Set from calls with Redis: no call without it may take a second longer. */
  let longestMs = 0;

  it('[e2e:limit-before] holds the limit while Redis is there', async () => {
    const template = { inject: 'true', redis: REDIS_URL, 'rate-limit': 'shared: 5/1h' };
    await apply(...redis(namespace), deployment({ ...options, template, env: { STATELESS: 'true' } }), nodePort(options));
    [app] = await readyPods(namespace, 'app');
    url = await hostUrl(namespace, 'app');
    const answers: Answer[] = [];
    for (let id = 1; id <= 6; id += 1) answers.push(await call(id));
    expect(answers.map((one) => one.status)).toEqual([200, 200, 200, 200, 200, 429]);
    longestMs = Math.max(...answers.map((one) => one.durationMs)) + 1000;
  });

  it('[e2e:redis-killed] lets calls pass within a second when Redis is killed, with a warning and a metric', async () => {
    await kubectl(['scale', 'deployment/redis', '-n', namespace, '--replicas=0']);
    const kill = kubectl(['delete', 'pod', '-n', namespace, '-l', 'app=redis', '--grace-period=0', '--force', '--ignore-not-found']);
    const answers: Answer[] = [];
    await until('the limit to be gone with Redis', async () => {
      answers.push(await call(answers.length));
      return answers.at(-1)?.status === 200;
    });
    await kill;
    for (let more = 0; more < 30; more += 1) answers.push(await call(answers.length));
    expect(answers.slice(-30).map((one) => one.status)).toEqual(Array(30).fill(200));
    expect(Math.max(...answers.map((one) => one.durationMs))).toBeLessThan(longestMs);

    expect(sampleOf(await metricsOf(app), 'mcp_sluice_calls_total', 'decision="failed_open"')).toBeGreaterThanOrEqual(30);
    const warnings = (await sidecarLog(app)).split('\n').filter((line) => /"level":(40|"warn")/.test(line) && /redis/i.test(line));
    expect(warnings.length).toBeGreaterThan(0);
    // Rate-limited: not one per call.
    expect(warnings.length).toBeLessThan(answers.length);
  });

  it('[e2e:redis-returns] holds limits again within 10 s after Redis returned', async () => {
    await kubectl(['scale', 'deployment/redis', '-n', namespace, '--replicas=1']);
    await readyPods(namespace, 'redis');
    await until('a 429', async () => (await call('again')).status === 429, { timeoutMs: 10_000, everyMs: 200 });
    expect((await call('still')).status).toBe(429);
  });

  it('[e2e:redis-hangs] lets calls pass within a second when Redis only hangs', async () => {
    const [pod] = await listObjects(['pods', '-n', namespace, '-l', 'app=redis']);
    await kubectl(['exec', '-n', namespace, pod.metadata.name, '--', 'redis-cli', 'client', 'pause', '6000', 'ALL']);
    const answers: Answer[] = [];
    for (let id = 0; id < 10; id += 1) answers.push(await call(id));
    expect(answers.map((one) => one.status)).toEqual(Array(10).fill(200));
    expect(Math.max(...answers.map((one) => one.durationMs))).toBeLessThan(longestMs);
    await until('a 429', async () => (await call('again')).status === 429, { timeoutMs: 16_000, everyMs: 200 });
  });

  function call(id: number | string): Promise<Answer> {
    return post(url, toolCall(id, 'whoami'));
  }
});
