import { afterAll, describe, expect, it } from 'vitest';
import { readyPods, sidecarOf } from './cluster.ts';
import { IMAGES } from './images.ts';
import { install, SYSTEM, WEBHOOK } from './install.ts';
import { apply, getObject, kubectl } from './kubectl.ts';
import { useNamespaces } from './namespace.ts';
import { inNode, nodeName } from './node.ts';
import { deployment, SERVERS } from './objects.ts';
import { until } from './until.ts';

const namespace = 'e2e-33';

/** Where our image comes from is the installation's to say: by digest, and with the Secrets of a private registry. */
describe('the image that is injected', () => {
  useNamespaces({ [namespace]: { enforce: 'restricted' } });
  afterAll(() => install('first'));

  it('[e2e:own-image] has the digest that the webhook itself has, and its pull secrets stand behind those of the service account', async () => {
    const byDigest = await nameByDigest();
    const container = '/spec/template/spec/containers/0';
    const patch = [
      { op: 'replace', path: `${container}/image`, value: byDigest },
      { op: 'add', path: `${container}/args/-`, value: '--image-pull-secrets=registry,team' },
    ];
    await kubectl(['patch', `deployment/${WEBHOOK}`, '-n', SYSTEM, '--type=json', '-p', JSON.stringify(patch)]);
    await kubectl(['rollout', 'status', `deployment/${WEBHOOK}`, '-n', SYSTEM, '--timeout=180s'], { timeoutMs: 200_000 });
    const { data } = await getObject(['configmap', 'mcp-sluice-images', '-n', SYSTEM]);
    expect(data).toMatchObject({ current: byDigest, previous: IMAGES.product });

    await until('the service account', () => getObject(['serviceaccount', 'default', '-n', namespace]));
    const secrets = JSON.stringify({ imagePullSecrets: [{ name: 'team' }] });
    await kubectl(['patch', 'serviceaccount/default', '-n', namespace, '-p', secrets]);
    // A Deployment tries again, should a policy learn of the image a moment after the webhook.
    const template = { inject: 'true', 'bind-env': SERVERS.everything.bindEnv };
    await apply(deployment({ name: 'app', namespace, template }));
    const [found] = await readyPods(namespace, 'app');
    expect(sidecarOf(found)?.image).toBe(byDigest);
    // The Secrets are not there: a kubelet says so, and goes on with the image that it has.
    expect(found.spec.imagePullSecrets).toEqual([{ name: 'team' }, { name: 'registry' }]);
  });
});

/** Gives the product's image, which came by its tag, the name that a pull by digest would have given it. */
async function nameByDigest(): Promise<string> {
  const node = await nodeName();
  const ctr = 'ctr --namespace k8s.io images';
  const [, digest] = /\s(sha256:[0-9a-f]{64})\s/.exec(await inNode(node, `${ctr} ls name==${IMAGES.product}`)) ?? [];
  if (digest === undefined) throw new Error(`the node has no ${IMAGES.product}`);
  const name = `${IMAGES.product.replace(/:[^:/]+$/, '')}@${digest}`;
  await inNode(node, `${ctr} tag --force ${IMAGES.product} ${name}`);
  return name;
}
