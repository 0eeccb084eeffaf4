import { pino } from 'pino';
import { afterEach, describe, expect, it } from 'vitest';
import { type KubeObject, kubePaths } from '../../webhook/kube-api.ts';
import { createMetrics } from '../../webhook/metrics.ts';
import { type Reporter, startReporter } from '../../webhook/reporter.ts';
import { createCluster, IMAGE, podOf, SYSTEM } from '../support/test-webhook.ts';
import { until } from '../support/until-true.ts';

const sidecar = { name: 'mcp-sluice', image: IMAGE, restartPolicy: 'Always', args: ['sidecar', '--in-pod'] };
const known = () => undefined;
let reporter: Reporter | undefined;
afterEach(() => reporter?.stop());

/** Agents whose pods are ready; `lacking` says by pod address what their sidecars answer. */
function reportOn(count: number, lacking: (podIp: string) => string | undefined) {
  const kube = createCluster();
  kube.put(kubePaths.pod(SYSTEM, 'a'), {
    ...podOf('a', 10250),
    status: { phase: 'Running', podIP: '127.0.0.1', conditions: [{ type: 'Ready', status: 'True' }] },
  });
  for (let index = 0; index < count; index++) {
    const annotations = { 'mcp-sluice.dev/inject': 'true', 'mcp-sluice.dev/remote-entries': '[]' };
    const labels = { 'mcp-sluice.dev/injected': 'true' };
    kube.put(kubePaths.pod('shop', `agent-${index}`), {
      metadata: { name: `agent-${index}`, namespace: 'shop', uid: `u-${index}`, annotations, labels },
      spec: { initContainers: [sidecar] },
      status: { podIP: `10.0.0.${index}` },
    });
  }
  const asked: string[] = [];
  reporter = startReporter({
    api: kube,
    namespace: SYSTEM,
    podName: 'a',
    source: { namespace: async (name) => ({ name, annotations: {}, labels: {} }) },
    images: () => ({ image: IMAGE, allowedImages: [IMAGE] }),
    defaults: {},
    clock: Date.now,
    log: pino({ level: 'silent' }),
    metrics: createMetrics({ leafExpiryMs: known, authorityExpiryMs: known, isTrusted: () => true, clock: Date.now }),
    everyMs: 20,
    ask: async (podIp) => {
      asked.push(podIp);
      return lacking(podIp);
    },
  });
  const events = (): KubeObject[] => [...kube.objects].filter(([path]) => path.includes('/events/')).map(([, event]) => event);
  return { asked, events };
}

describe('the report on remote entries', () => {
  it('[report:entries] puts what a sidecar lacks on the owner of its pod, ready as it is', async () => {
    const secret = 'entry:github: Secret "github-token" has no key "header"';
    const { events } = reportOn(2, (podIp) => (podIp === '10.0.0.1' ? secret : undefined));
    await until(() => events().length > 0);
    expect(events()).toMatchObject([{ reason: 'RemoteEntryLacking', regarding: { name: 'agent-1' }, note: `pod agent-1: ${secret}` }]);
  });

  it('[report:entries] asks twenty sidecars at a look, and all of them by turns', async () => {
    const { asked } = reportOn(30, () => undefined);
    await until(() => new Set(asked).size === 30);
    expect(new Set(asked.slice(0, 20)).size).toBe(20);
  });
});
