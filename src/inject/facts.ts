import type { Issue } from '../lib/issue.ts';
import type { PatchOp } from './apply-patch.ts';

/** Data of a ConfigMap; `unknown` where the caller has nobody to ask, `unreadable` where it has no right to. */
export type ConfigMapLookup = (name: string) => 'missing' | 'unknown' | 'unreadable' | Readonly<Record<string, string>>;

export interface Owner {
  readonly kind: string;
  readonly name: string;
}

/** All that a judgement rests on besides the object itself. */
export interface Facts {
  /** The image to inject. */
  readonly image: string;
  /** The current and the previous one: their repositories decide what is ours (contract §9.6). */
  readonly allowedImages: readonly string[];
  readonly namespace: {
    readonly name: string;
    readonly annotations: Readonly<Record<string, string>>;
    readonly labels: Readonly<Record<string, string>>;
  };
  /** The cluster's defaults, as annotations. */
  readonly defaults: Readonly<Record<string, string>>;
  readonly configMap: ConfigMapLookup;
  /** Secrets in the object's namespace that our image is pulled with; given for pods, not for files. */
  readonly imagePullSecrets?: readonly string[];
  /** The pods are to be run by a kubelet from their files, without an apiserver. */
  readonly isStaticPod?: boolean;
  /** The top controller where the caller looked it up (a Job's CronJob). */
  readonly owner?: Owner;
  readonly nowMs: number;
}

export interface AdmitInput {
  readonly kind: string;
  readonly operation: 'CREATE' | 'UPDATE';
  readonly object: unknown;
  readonly oldObject?: unknown;
  readonly subResource?: string;
}

/** Where a workload's pods get their sidecar: when each pod is created (the webhook), or in the template (files). */
export type Target = 'pods' | 'templates';

export interface Admitted {
  readonly allowed: boolean;
  /** Why it is denied; all of it. */
  readonly issues: readonly Issue[];
  /** `cautions` as sentences, for `AdmissionReview.response.warnings`. */
  readonly warnings: readonly string[];
  readonly cautions: readonly Issue[];
  readonly patch: readonly PatchOp[];
  readonly outcome: 'injected' | 'unchanged' | 'denied' | 'ignored' | 'propagated';
  /** Codes of the issues, or one word in snake case that says why nothing was done. */
  readonly reasons: readonly string[];
}

/** What a check found: issues deny, cautions only warn. */
export interface Findings {
  readonly issues: readonly Issue[];
  readonly cautions: readonly Issue[];
}
