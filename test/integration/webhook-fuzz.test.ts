import { Agent } from 'node:https';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readAnswer } from '../support/review-answer.ts';
import { anyRequest, asReview } from '../support/review-arbitrary.ts';
import { ask, reviewOf, startTestWebhook, type TestWebhook, untilReady } from '../support/test-webhook.ts';

let webhook: TestWebhook;
const agent = new Agent({ keepAlive: true, maxSockets: 1 });
beforeAll(async () => {
  webhook = await startTestWebhook();
  await untilReady(webhook);
});
afterAll(async () => {
  agent.destroy();
  await webhook.webhook.stop();
});

const send = (body: string | Uint8Array) => ask(webhook, '/mutate', { body, agent });

/** What a line may do to bytes: one of them changed, a piece lost, a piece twice. */
const damage = fc.record({
  at: fc.nat(),
  length: fc.nat({ max: 40 }),
  how: fc.constantFrom('change', 'lose', 'repeat'),
  byte: fc.nat({ max: 255 }),
});
function damaged(bytes: Buffer, { at, length, how, byte }: { at: number; length: number; how: string; byte: number }): Buffer {
  const from = at % Math.max(bytes.length, 1);
  const [before, piece, after] = [bytes.subarray(0, from), bytes.subarray(from, from + length), bytes.subarray(from + length)];
  if (how === 'change') return Buffer.concat([before, Buffer.from([byte]), bytes.subarray(from + 1)]);
  return Buffer.concat(how === 'lose' ? [before, after] : [before, piece, piece, after]);
}

describe('what comes in by the network', () => {
  it('[webhook:fuzz] gets one well-formed answer where it is a review, whatever it is about', async () => {
    await fc.assert(
      fc.asyncProperty(anyRequest, async (request) => {
        const { status, text } = await send(JSON.stringify(asReview(request)));
        expect(status).toBe(200);
        readAnswer(text, request.uid, request.object);
      }),
      { numRuns: 200 },
    );
  });

  it('[webhook:fuzz] gets an answer or is called malformed where its bytes are damaged, and is never an error of ours', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(damage, { minLength: 1, maxLength: 4 }), async (blows) => {
        const body = blows.reduce(damaged, Buffer.from(reviewOf()));
        const { status, text } = await send(body);
        if (status === 400) {
          expect(text).toMatch(/^not an AdmissionReview of admission\.k8s\.io\/v1: /);
          return;
        }
        const { request } = JSON.parse(body.toString()) as { request: { uid: string; object: unknown; namespace?: string } };
        // Without the namespace nobody can judge: then the failure policy does.
        if (status === 500) expect(request.namespace).not.toBe('shop');
        else readAnswer(text, request.uid, request.object);
      }),
      { numRuns: 300 },
    );
  });
});
