import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { admit, configMapsOf } from '../../../src/inject/admit.ts';
import { createJudge } from '../../../webhook/judge.ts';
import { parseReview, renderReview } from '../../../webhook/review.ts';
import { readAnswer } from '../../support/review-answer.ts';
import { anyRequest, asReview } from '../../support/review-arbitrary.ts';
import { facts } from '../inject/samples.ts';

const judge = createJudge({
  admit,
  configMapsOf,
  source: {
    namespace: async () => facts.namespace,
    configMap: async () => 'missing',
    ownerOfJob: async () => undefined,
  },
  images: () => facts,
  defaults: facts.defaults,
  clock: () => facts.nowMs,
});

async function answerTo(request: { readonly uid: string; readonly object: unknown }) {
  const parsed = parseReview(Buffer.from(JSON.stringify(asReview(request))));
  if ('malformed' in parsed) throw new Error(parsed.malformed);
  return readAnswer(JSON.stringify(renderReview(parsed.request, await judge(parsed.request))), request.uid, request.object);
}

/** What the fuzz came upon. */
const found = [{ object: { metadata: { ownerReferences: 3000 } } }, { object: { metadata: { ownerReferences: [null] } } }];

describe('any review at all', () => {
  it.each(found)('[webhook:fuzz] once got none: %j', async ({ object }) => {
    const kind = { group: '', version: 'v1', kind: 'Pod' };
    expect((await answerTo({ ...{ uid: 'u', kind, namespace: 'shop', operation: 'CREATE' }, object })).allowed).toBe(true);
  });

  it('[webhook:fuzz] gets one well-formed answer, and its patched object none any more', async () => {
    const outcomes = new Set<string>();
    await fc.assert(
      fc.asyncProperty(anyRequest, async (request) => {
        const answer = await answerTo(request);
        outcomes.add(answer.audit['outcome'] ?? '');
        if (answer.patch.length === 0) return;
        expect((await answerTo({ ...request, object: answer.result })).patch).toEqual([]);
      }),
      { numRuns: 600 },
    );
    // Else the fuzz would go round what it is for.
    expect([...outcomes].sort()).toEqual(['denied', 'ignored', 'injected', 'propagated', 'unchanged']);
  });
});
