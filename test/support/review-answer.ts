import { applyPatch, type PatchOp } from '../../src/inject/apply-patch.ts';

export interface ReviewAnswer {
  readonly uid: string;
  readonly allowed: boolean;
  readonly message?: string;
  readonly warnings: readonly string[];
  readonly audit: Readonly<Record<string, string>>;
  readonly patch: readonly PatchOp[];
  /** The object that was asked about, as the apiserver would go on with it. */
  readonly result: unknown;
}

/**
 * Reads an AdmissionReview's answer as an apiserver does (admission.k8s.io/v1) and throws where it would call the
 * answer malformed, or where the parts of it contradict each other.
 */
export function readAnswer(text: string, uid: string, object: unknown): ReviewAnswer {
  const { apiVersion, kind, response, ...rest } = JSON.parse(text) as Record<string, unknown>;
  demand(apiVersion === 'admission.k8s.io/v1' && kind === 'AdmissionReview', 'another kind of object');
  demand(Object.keys(rest).length === 0, `fields that an answer has not: ${Object.keys(rest)}`);
  const { uid: answered, allowed, status, patchType, patch: encoded, warnings = [], auditAnnotations, ...more } = response as Response;
  demand(Object.keys(more).length === 0, `fields that a response has not: ${Object.keys(more)}`);
  demand(answered === uid, 'another uid');
  demand(typeof allowed === 'boolean', 'no verdict');
  demand((status === undefined) === allowed, 'a status goes with a denial, and only with one');
  demand((patchType === undefined) === (encoded === undefined), 'a patch has a type');
  demand(encoded === undefined || (allowed && patchType === 'JSONPatch'), 'a patch goes with a yes');
  demand(Array.isArray(warnings) && warnings.every((each) => typeof each === 'string' && each.length <= 256), 'warnings are short texts');
  demand(
    warnings.every((each) => !/\p{Cc}/u.test(each)),
    'a warning is a header, without control characters',
  );
  const audit = auditAnnotations ?? {};
  demand(
    Object.values(audit).every((each) => typeof each === 'string'),
    'audit annotations are text',
  );
  demand(
    Object.keys(audit).every((key) => /^[A-Za-z0-9]([-\w.]{0,61}[A-Za-z0-9])?$/.test(key)),
    'audit keys are names',
  );
  if (!allowed) demand(typeof status?.message === 'string' && status.message !== '' && status.code === 400, 'a denial says why');
  const patch = encoded === undefined ? [] : (JSON.parse(Buffer.from(encoded, 'base64').toString()) as PatchOp[]);
  demand(encoded === undefined || patch.length > 0, 'an empty patch');
  return { uid, allowed, ...(status && { message: status.message }), warnings, audit, patch, result: applyPatch(object, patch) };
}

interface Response {
  readonly uid?: unknown;
  readonly allowed: boolean;
  readonly status?: { readonly message: string; readonly code?: number };
  readonly patchType?: unknown;
  readonly patch?: string;
  readonly warnings?: readonly string[];
  readonly auditAnnotations?: Readonly<Record<string, string>>;
}

function demand(holds: boolean, otherwise: string): asserts holds {
  if (!holds) throw new Error(`malformed answer: ${otherwise}`);
}
