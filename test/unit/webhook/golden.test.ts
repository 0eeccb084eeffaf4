import { describe, expect, it } from 'vitest';
import { admit, configMapsOf } from '../../../src/inject/admit.ts';
import { applyPatch } from '../../../src/inject/apply-patch.ts';
import { renderIssue } from '../../../src/lib/issue-text.ts';
import { createJudge } from '../../../webhook/judge.ts';
import { parseReview, renderReview } from '../../../webhook/review.ts';
import { readAnswer } from '../../support/review-answer.ts';
import { asReview, groupOf } from '../../support/review-arbitrary.ts';
import { type Golden, readGoldens } from '../inject/golden-file.ts';

/** The golden's situation, as the webhook meets it: a review, and a cluster to ask. */
async function throughWebhook({ input, facts }: Golden) {
  const { kind, operation, object, oldObject = null, subResource = '' } = input;
  const gvk = { group: groupOf(kind), version: 'v1', kind };
  const review = asReview({ uid: 'u', kind: gvk, operation, object, oldObject, subResource, namespace: facts.namespace.name });
  const parsed = parseReview(Buffer.from(JSON.stringify(review)));
  if ('malformed' in parsed) throw new Error(parsed.malformed);
  const judge = createJudge({
    admit,
    configMapsOf,
    source: {
      namespace: async () => facts.namespace,
      configMap: async (_, name) => facts.configMap(name),
      ownerOfJob: async () => facts.owner,
    },
    images: () => facts,
    defaults: facts.defaults,
    imagePullSecrets: facts.imagePullSecrets ?? [],
    clock: () => facts.nowMs,
  });
  return readAnswer(JSON.stringify(renderReview(parsed.request, await judge(parsed.request))), 'u', object);
}

describe('the webhook on every golden situation', () => {
  it.each(readGoldens().map((golden) => [golden.name, golden] as const))(
    '[inject:golden-webhook] gives what the file tells: %s',
    async (_, golden) => {
      const expected = admit(golden.input, golden.facts);
      const answer = await throughWebhook(golden);
      expect(answer.allowed).toBe(expected.allowed);
      expect(answer.result).toEqual(applyPatch(golden.input.object, expected.patch));
      for (const issue of expected.issues) expect(answer.message).toContain(renderIssue(issue));
      expect(answer.audit['outcome']).toBe(expected.outcome);
      expect(answer.warnings.length > 0).toBe(expected.warnings.length > 0);
    },
  );
});
