import { describe, expect, it } from 'vitest';
import { hostUrl, readyPods, sidecarOf } from './cluster.ts';
import { IMAGES } from './images.ts';
import { startWebhook, stopWebhook } from './install.ts';
import { apply, type KubeObject, listObjects, tryApply } from './kubectl.ts';
import { connect } from './mcp-client.ts';
import { useNamespaces } from './namespace.ts';
import { deployment, nodePort, pod, SERVERS } from './objects.ts';
import { until } from './until.ts';

const restricted = 'e2e-02-restricted';
const plain = 'e2e-02';
const captureOf = (found: KubeObject): KubeObject | undefined =>
  found.spec.initContainers.find((one: KubeObject) => one.name === 'mcp-sluice-capture');

describe('injection', () => {
  useNamespaces({ [plain]: {}, [restricted]: { enforce: 'restricted' } });

  it('[e2e:takeover] injects a native sidecar that becomes Ready under restricted, without privilege', async () => {
    const template = { inject: 'true', 'bind-env': SERVERS.everything.bindEnv };
    await apply(deployment({ name: 'app', namespace: restricted, template }), nodePort({ name: 'app', namespace: restricted }));
    const [found] = await readyPods(restricted, 'app');
    expect(found.spec.initContainers[0]).toMatchObject({ name: 'mcp-sluice', restartPolicy: 'Always', image: IMAGES.product });
    expect(captureOf(found)).toBeUndefined();
    await answers(restricted);
  });

  it('[e2e:redirect] captures by redirect where nothing forbids it', async () => {
    await apply(deployment({ name: 'app', namespace: plain, template: { inject: 'true' } }), nodePort({ name: 'app', namespace: plain }));
    const [found] = await readyPods(plain, 'app');
    expect(sidecarOf(found)?.restartPolicy).toBe('Always');
    expect(captureOf(found)?.securityContext.capabilities).toEqual({ drop: ['ALL'], add: ['NET_ADMIN'] });
    await answers(plain);
  });

  it('[e2e:unannotated] leaves an unannotated one untouched', async () => {
    await apply(deployment({ name: 'bare', namespace: plain }));
    const [found] = await readyPods(plain, 'bare');
    expectUntouched(found);
  });

  it('[e2e:webhook-down] with the webhook down creates the unannotated, refuses the annotated, and injects it later', async () => {
    await stopWebhook();
    try {
      await apply(deployment({ name: 'meanwhile', namespace: plain }), pod({ name: 'meanwhile-pod', namespace: plain }));
      expectUntouched((await readyPods(plain, 'meanwhile'))[0]);

      const refused = await tryApply(pod({ name: 'naked', namespace: plain, template: { inject: 'true' } }));
      expect(refused.code).not.toBe(0);
      expect(refused.stderr).toMatch(/mcp-sluice/);
      // The template's pods are what the policy stops: the Deployment waits for the webhook.
      await apply(deployment({ name: 'waits', namespace: plain, template: { inject: 'true' } }));
      await until('an event that says why there is no pod', async () => {
        const events = await listObjects(['events', '-n', plain, '--field-selector', 'reason=FailedCreate']);
        return events.some((event) => /mcp-sluice/.test(event.message));
      });
      const pods = await listObjects(['pods', '-n', plain]);
      expect(pods.filter((one) => /^(naked|waits)/.test(one.metadata.name))).toEqual([]);
    } finally {
      await startWebhook();
    }
    const [late] = await readyPods(plain, 'waits');
    expect(sidecarOf(late)).toBeDefined();
  });
});

async function answers(namespace: string): Promise<void> {
  const connected = await connect(await hostUrl(namespace, 'app'));
  expect(await connected.call('echo', { message: 'hello' })).toMatchObject({ ok: true });
  await connected.close();
}

function expectUntouched(found: KubeObject): void {
  expect(found.spec.initContainers).toBeUndefined();
  expect(found.spec.containers).toHaveLength(1);
  expect(Object.keys(found.metadata.annotations ?? {}).filter((key) => key.startsWith('mcp-sluice.dev/'))).toEqual([]);
}
