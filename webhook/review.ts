import * as z from 'zod';
import type { Admitted } from '../src/inject/admit.ts';
import { VERSION } from '../src/inject/stamp.ts';
import { renderIssue } from '../src/lib/issue-text.ts';
import { fitWarnings } from './warnings.ts';

const kubeObject = z.record(z.string(), z.unknown());

const admissionRequest = z
  .object({
    uid: z.string().min(1).max(256),
    kind: z.object({ group: z.string(), version: z.string(), kind: z.string().min(1) }),
    subResource: z.string().optional(),
    name: z.string().optional(),
    namespace: z.string().optional(),
    operation: z.enum(['CREATE', 'UPDATE', 'DELETE', 'CONNECT']),
    object: kubeObject.nullish(),
    oldObject: kubeObject.nullish(),
  })
  .refine((request) => request.object != null || (request.operation !== 'CREATE' && request.operation !== 'UPDATE'), {
    path: ['object'],
    message: 'missing, though the operation brings one',
  });

const admissionReview = z.object({
  apiVersion: z.literal('admission.k8s.io/v1'),
  kind: z.literal('AdmissionReview'),
  request: admissionRequest,
});

/** Unknown fields of the review are dropped, those of the objects are kept. */
export type AdmissionRequest = z.infer<typeof admissionRequest>;

export type ParsedReview = { readonly request: AdmissionRequest } | { readonly malformed: string };

/** An AdmissionReview of admission.k8s.io/v1, or all that is wrong with it. */
export function parseReview(body: Uint8Array): ParsedReview {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body));
  } catch (error) {
    return { malformed: `not JSON: ${error instanceof Error ? error.message : String(error)}`.slice(0, 300) };
  }
  const parsed = admissionReview.safeParse(value);
  if (parsed.success) return { request: parsed.data.request };
  return {
    malformed: parsed.error.issues
      .map(({ path, message }) => `${path.join('.') || 'body'}: ${message}`)
      .join('; ')
      .slice(0, 1000),
  };
}

/** The answer to one review, as AdmissionReview of admission.k8s.io/v1. */
export function renderReview(request: AdmissionRequest, admitted: Admitted): object {
  const warnings = fitWarnings(admitted.warnings);
  return {
    apiVersion: 'admission.k8s.io/v1',
    kind: 'AdmissionReview',
    response: {
      uid: request.uid,
      allowed: admitted.allowed,
      ...(!admitted.allowed && { status: denial(request, admitted) }),
      ...(admitted.allowed &&
        admitted.patch.length > 0 && {
          patchType: 'JSONPatch',
          patch: Buffer.from(JSON.stringify(admitted.patch)).toString('base64'),
        }),
      ...(warnings.length > 0 && { warnings }),
      auditAnnotations: auditOf(admitted),
    },
  };
}

/** For the audit log; the apiserver puts the webhook's name before the keys. Codes alone: a log is not to repeat values. */
function auditOf({ outcome, reasons, cautions }: Admitted): Record<string, string> {
  const list = (codes: readonly string[]) => [...new Set(codes)].join(',').slice(0, 1000);
  return {
    outcome,
    version: VERSION,
    ...(reasons.length > 0 && { reasons: list(reasons) }),
    ...(cautions.length > 0 && { warnings: list(cautions.map(({ code }) => code)) }),
  };
}

// 400 is what an apiserver itself makes of a denial without a code. For 422 kubectl leaves out the file's name, and
// 403 speaks of rights.
function denial(request: AdmissionRequest, { issues }: Admitted) {
  const name = nameOf(request);
  const lines = issues.map(renderIssue);
  const count = lines.length === 1 ? 'an error' : `${lines.length} errors`;
  return {
    metadata: {},
    status: 'Failure',
    code: 400,
    reason: 'BadRequest',
    message: `${request.kind.kind}${name === '' ? '' : ` "${name}"`} has ${count} in its mcp-sluice settings:\n${lines.map((line) => `  - ${line}`).join('\n')}`,
  };
}

/** Pods of a controller have no name yet, only the beginning of one. */
export function nameOf({ name, object }: AdmissionRequest): string {
  if (name) return name;
  const metadata = object?.['metadata'] as { name?: unknown; generateName?: unknown } | null | undefined;
  if (typeof metadata?.name === 'string' && metadata.name !== '') return metadata.name;
  return typeof metadata?.generateName === 'string' && metadata.generateName !== '' ? `${metadata.generateName}…` : '';
}
