import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { connectToCluster } from '../../webhook/kube.ts';
import { kubePaths } from '../../webhook/kube-api.ts';
import { type FakeApiserver, startFakeApiserver } from '../support/fake-apiserver.ts';
import { readAnswer } from '../support/review-answer.ts';
import { type Answer, ask, createCluster, reviewOf, startTestWebhook, type TestWebhook, untilReady } from '../support/test-webhook.ts';

const PATH = kubePaths.namespace('shop');
/** As webhook/main.ts has it. */
const KUBE_TIMEOUT_MS = 1000;
const MINUTE_MS = 60_000;

describe('reviews while an apiserver does not say what a namespace is', () => {
  let apiserver: FakeApiserver;
  let webhook: TestWebhook;
  let answers: 'well' | 'silence' | 'failure' = 'well';
  let redis = '';
  let aheadMs = 0;

  beforeAll(async () => {
    apiserver = await startFakeApiserver((line) => {
      if (line !== `GET ${PATH}`) return undefined;
      return answers === 'well' ? { metadata: { name: 'shop', annotations: { 'mcp-sluice.dev/redis': redis } } } : answers;
    });
    vi.stubEnv('KUBECONFIG', apiserver.kubeconfig);
    const real = connectToCluster({ timeoutMs: KUBE_TIMEOUT_MS });
    const kube = createCluster();
    const read = (path: string) => (path === PATH ? real.read(path) : kube.read(path));
    webhook = await startTestWebhook({ ...kube, read }, 'a', { clock: () => Date.now() + aheadMs });
    await untilReady(webhook);
  });
  afterAll(async () => {
    vi.unstubAllEnvs();
    await webhook.webhook.stop();
    await apiserver.close();
  });

  const review = (): Promise<Answer> => ask(webhook, '/mutate', { body: reviewOf() });
  const redisIn = ({ status, text }: Answer): unknown => {
    if (status !== 200) return status;
    const { result } = readAnswer(text, 'u-1', JSON.parse(reviewOf()).request.object);
    return (result as { metadata: { annotations: Record<string, string> } }).metadata.annotations['mcp-sluice.dev/redis'];
  };
  /** Past all that is believed without asking. */
  const letReadsAge = (): void => {
    aheadMs += 2000;
  };
  /** A busy machine may take longer over an answer than the webhook waits. */
  const untilTold = async (value: string): Promise<void> => {
    answers = 'well';
    redis = value;
    do letReadsAge();
    while (redisIn(await review()) !== value);
  };

  it.each(['silence', 'failure'] as const)(
    '[webhook:last-known] [webhook:deadline] an annotated pod gets its sidecar and what the namespace was, and the new value once it is told: %s',
    async (trouble) => {
      const before = `redis://before-${trouble}:6379`;
      await untilTold(before);

      answers = trouble;
      letReadsAge();
      const asked = apiserver.seen.length;
      // Several at once, and again: none of them may cost another its time.
      const some = await Promise.all([review(), review(), review()]);
      letReadsAge();
      for (const each of [...some, await review()]) expect(redisIn(each)).toBe(before);
      expect(apiserver.seen.length).toBeGreaterThan(asked);

      await untilTold(`redis://after-${trouble}:6379`);
    },
  );

  it('[webhook:last-known] [webhook:not-a-judgement] after a minute there is no judgement, until the apiserver answers', async () => {
    await untilTold('redis://known:6379');
    answers = 'silence';
    aheadMs += MINUTE_MS + 1000;
    const { status, text } = await review();
    expect(status).toBe(500);
    expect(text).toMatch(/internal error; look for id/);
    const told = { err: { message: `GET ${PATH}: no answer within ${KUBE_TIMEOUT_MS} ms` }, msg: 'a review got no judgement' };
    expect(webhook.lines).toContainEqual(expect.objectContaining({ ...told, err: expect.objectContaining(told.err) }));
    await untilTold('redis://again:6379');
  });
});
