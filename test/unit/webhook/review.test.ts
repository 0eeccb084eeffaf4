import { describe, expect, it } from 'vitest';
import type { Admitted } from '../../../src/inject/admit.ts';
import { VERSION } from '../../../src/inject/stamp.ts';
import { type AdmissionRequest, parseReview, renderReview } from '../../../webhook/review.ts';

const request = {
  uid: 'u-1',
  kind: { group: '', version: 'v1', kind: 'Pod' },
  operation: 'CREATE',
  namespace: 'shop',
  object: { metadata: { generateName: 'cart-' }, spec: { futureField: { kept: true } } },
};
const review = (changes: object = {}) => ({
  apiVersion: 'admission.k8s.io/v1',
  kind: 'AdmissionReview',
  request: { ...request, ...changes },
});
const parse = (value: unknown) => parseReview(Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)));
const admitted: Admitted = { allowed: true, issues: [], warnings: [], cautions: [], patch: [], outcome: 'unchanged', reasons: [] };
const respond = (changes: Partial<Admitted>): Record<string, unknown> => {
  const rendered = renderReview(request as AdmissionRequest, { ...admitted, ...changes }) as { response: Record<string, unknown> };
  return rendered.response;
};

describe('parseReview', () => {
  it('takes a review and keeps fields of the object that nobody knows', () => {
    expect(parse(review())).toEqual({ request });
  });

  it('takes explicit nulls, as Go writes them', () => {
    expect(parse(review({ oldObject: null, dryRun: false, options: null, subResource: '' }))).toHaveProperty('request');
    expect(parse(review({ operation: 'DELETE', object: null, oldObject: request.object }))).toHaveProperty('request');
  });

  it.each([
    ['no JSON', '{"apiVersion":'],
    ['an empty body', ''],
    ['null', 'null'],
    ['an array', '[]'],
    ['text that is not UTF-8', undefined],
    ['another version', { ...review(), apiVersion: 'admission.k8s.io/v1beta1' }],
    ['another kind', { ...review(), kind: 'Pod' }],
    ['no request', { ...review(), request: undefined }],
    ['no uid', review({ uid: undefined })],
    ['an empty uid', review({ uid: '' })],
    ['no object on CREATE', review({ object: undefined })],
    ['a null object on UPDATE', review({ operation: 'UPDATE', object: null })],
    ['an object that is a list', review({ object: [] })],
    ['an unknown operation', review({ operation: 'PATCH' })],
    ['no kind', review({ kind: { group: '' } })],
  ])('[webhook:malformed] calls %s malformed', (_what, value) => {
    const parsed = value === undefined ? parseReview(Buffer.from([0x22, 0xff, 0x22])) : parse(value);
    expect(parsed).toHaveProperty('malformed', expect.stringMatching(/./));
  });

  it('tells everything that is wrong with the envelope', () => {
    const parsed = parse(review({ uid: undefined, operation: 'X' }));
    expect(parsed).toHaveProperty('malformed', expect.stringMatching(/request\.uid.*request\.operation/));
  });
});

describe('renderReview', () => {
  it('answers the uid, and nothing but yes where nothing is to be done', () => {
    expect(respond({})).toEqual({ uid: 'u-1', allowed: true, auditAnnotations: { outcome: 'unchanged', version: VERSION } });
  });

  it('[webhook:patch] carries the patch as JSONPatch in base64', () => {
    const patch = [{ op: 'add', path: '/metadata/labels', value: { ü: '…' } }] as const;
    const response = respond({ patch, outcome: 'injected' });
    expect(response['patchType']).toBe('JSONPatch');
    expect(JSON.parse(Buffer.from(response['patch'] as string, 'base64').toString('utf8'))).toEqual(patch);
  });

  it('[webhook:all-errors] denies with every error in one message that names the object', () => {
    const issues = [
      { code: 'A', path: ['rate-limit'], message: 'first' },
      { code: 'B', path: ['port'], message: 'second' },
    ];
    const response = respond({ allowed: false, issues, outcome: 'denied', reasons: ['A', 'B'] });
    expect(response).toMatchObject({
      allowed: false,
      status: { code: 400, reason: 'BadRequest', status: 'Failure' },
      auditAnnotations: { outcome: 'denied', version: VERSION, reasons: 'A,B' },
    });
    expect((response['status'] as { message: string }).message).toBe(
      'Pod "cart-…" has 2 errors in its mcp-sluice settings:\n  - mcp-sluice.dev/rate-limit: first\n  - mcp-sluice.dev/port: second',
    );
    expect(response).not.toHaveProperty('patch');
  });

  it('[webhook:audit] tells the audit log the outcome, our version and the codes, never a value', () => {
    const caution = { code: 'C', path: ['redis'], message: 'a secret value' };
    const response = respond({ outcome: 'injected', reasons: [], cautions: [caution, caution] });
    expect(response['auditAnnotations']).toEqual({ outcome: 'injected', version: VERSION, warnings: 'C' });
    const many = Array.from({ length: 1000 }, (_, index) => `REASON_${index}`);
    expect(JSON.stringify(respond({ reasons: many })['auditAnnotations']).length).toBeLessThan(1100);
  });

  it('gives warnings with a denial, too', () => {
    expect(respond({ allowed: false, outcome: 'denied', warnings: ['mcp-sluice.dev/x: y'] })['warnings']).toEqual(['mcp-sluice.dev/x: y']);
  });
});
