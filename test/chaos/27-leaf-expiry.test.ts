import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { issueAuthority } from '../../webhook/certificate.ts';
import { install, SYSTEM, WEBHOOK } from '../e2e/install.ts';
import { getObject, kubectl } from '../e2e/kubectl.ts';
import { useNamespaces } from '../e2e/namespace.ts';
import { until } from '../e2e/until.ts';
import { readyWebhookPods, servedLeaves } from '../e2e/webhook-pods.ts';
import { faultsOf, unjudgedReviews } from './call-failures.ts';
import { whileCreating } from './toll.ts';

const namespace = 'e2e-27';
const CONFIGURATION = ['mutatingwebhookconfiguration', 'mcp-sluice'];
/** Each is renewed with 40 s left or less, and looked at every 20 s. */
const LIFETIME = '2m';
/** Of each replica: two that ended, and the one that took over from them. */
const LEAVES = 3;

describe('leaves', () => {
  useNamespaces({ [namespace]: {} });
  beforeAll(async () => {
    const args = [{ op: 'add', path: '/spec/template/spec/containers/0/args/-', value: `--leaf-lifetime=${LIFETIME}` }];
    await kubectl(['patch', `deployment/${WEBHOOK}`, '-n', SYSTEM, '--type=json', '-p', JSON.stringify(args)]);
    await kubectl(['rollout', 'status', `deployment/${WEBHOOK}`, '-n', SYSTEM, '--timeout=180s'], { timeoutMs: 200_000 });
    // Those before are gone too: a rollout is over while they still end.
    await until('two replicas, both ready', async () => (await readyWebhookPods()).length === 2, { timeoutMs: 180_000 });
  });
  afterAll(() => install('first'));

  it('[e2e:leaf-expiry] expire, several of each replica, during one burst of creations: not one fails', async () => {
    /** When each leaf ends, by replica and serial number. */
    const ends = new Map<string, Map<string, number>>();
    const servedTooLong: string[] = [];
    const published = (await getObject(CONFIGURATION)).webhooks[0].clientConfig.caBundle as string;
    const unjudged = await unjudgedReviews();
    const toll = await whileCreating(namespace, () =>
      until(
        'two leaves of each replica to end',
        async () => {
          const askedMs = Date.now();
          for (const [replica, leaf] of await servedLeaves()) {
            const [endMs, known] = [leaf.validToDate.getTime(), ends.get(replica) ?? new Map<string, number>()];
            if (endMs <= askedMs) servedTooLong.push(`${replica} greeted with a leaf that ended at ${leaf.validTo}`);
            ends.set(replica, known.set(leaf.serialNumber, endMs));
          }
          await connectAnew(published);
          const ended = [...ends.values()].map((known) => [...known.values()].filter((endMs) => endMs < Date.now()).length);
          return ended.length === 2 && ended.every((count) => count >= LEAVES - 1);
        },
        { timeoutMs: 600_000, everyMs: 4000 },
      ),
    );
    const all = [...ends.values()].map((known) => known.size);
    process.stderr.write(`e2e: ${all.join(' and ')} leaves were served\n`);
    expect(Math.min(...all)).toBeGreaterThanOrEqual(LEAVES);
    expect(servedTooLong).toEqual([]);
    expect(await faultsOf(toll, unjudged)).toEqual([]);
  });
});

/**
 * A connection that was made once is not verified again, and an apiserver keeps those it uses. One more CA in the bundle
 * gives it a client without any (apiserver/pkg/util/webhook: its cache goes by the configuration), until the webhook
 * has taken the CA out again: it is nobody's.
 */
async function connectAnew(published: string): Promise<void> {
  const { certificate } = await issueAuthority(Date.now());
  const caBundle = Buffer.concat([Buffer.from(published, 'base64'), Buffer.from(certificate)]).toString('base64');
  const change = [{ op: 'replace', path: '/webhooks/0/clientConfig/caBundle', value: caBundle }];
  await kubectl(['patch', ...CONFIGURATION, '--type=json', '-p', JSON.stringify(change)]);
}
