import type { AdmitInput, Admitted, Facts } from '../src/inject/admit.ts';
import { controllerOf } from '../src/inject/owner.ts';
import type { FactsSource } from './facts.ts';
import type { AdmissionRequest } from './review.ts';

/** Our kinds, each in its own API group: somebody else's `Job` is none of our business. */
export const JUDGED_KINDS: ReadonlyMap<string, string> = new Map([
  ['Pod', ''],
  ['Deployment', 'apps'],
  ['StatefulSet', 'apps'],
  ['DaemonSet', 'apps'],
  ['ReplicaSet', 'apps'],
  ['Job', 'batch'],
  ['CronJob', 'batch'],
]);

export interface Images {
  readonly image: string;
  readonly allowedImages: readonly string[];
}

export interface JudgeOptions {
  readonly admit: (input: AdmitInput, facts: Facts) => Admitted;
  readonly configMapsOf: (input: AdmitInput, facts: Pick<Facts, 'namespace' | 'defaults'>) => readonly string[];
  readonly source: FactsSource;
  /** Undefined until our own image is known. */
  readonly images: () => Images | undefined;
  /** The cluster's defaults, as annotations. */
  readonly defaults: Readonly<Record<string, string>>;
  /** Secrets in the namespace of each pod that our image is pulled with. */
  readonly imagePullSecrets?: readonly string[];
  readonly clock: () => number;
}

export type Judge = (request: AdmissionRequest) => Promise<Admitted>;

/** Gathers what the pure judgement needs to know, then judges. It writes nothing, so a dry run needs no care. */
export function createJudge({ admit, configMapsOf, source, images, defaults, imagePullSecrets = [], clock }: JudgeOptions): Judge {
  return async function judge(request) {
    const { operation } = request;
    if (JUDGED_KINDS.get(request.kind.kind) !== request.kind.group) return ignored('other_kind');
    if (operation !== 'CREATE' && operation !== 'UPDATE') return ignored('other_operation');
    const current = images();
    if (current === undefined) throw new Error('our own image is not known yet');
    const name = request.namespace ?? 'default';
    const input: AdmitInput = {
      kind: request.kind.kind,
      operation,
      object: request.object,
      ...(request.oldObject != null && { oldObject: request.oldObject }),
      ...(request.subResource !== undefined && { subResource: request.subResource }),
    };
    const [namespace, owner] = await Promise.all([source.namespace(name), ownerThroughJob(input, name, source)]);
    const found = await Promise.all(
      configMapsOf(input, { namespace, defaults }).map(async (each) => [each, await source.configMap(name, each)] as const),
    );
    const configMaps = new Map(found);
    return admit(input, {
      ...current,
      namespace,
      defaults,
      imagePullSecrets,
      configMap: (each) => configMaps.get(each) ?? 'unknown',
      ...(owner && { owner }),
      nowMs: clock(),
    });
  };
}

// A pod's Job may belong to a CronJob: then that is the owner, or every run would start with full buckets (contract §2).
async function ownerThroughJob({ kind, operation, object }: AdmitInput, namespace: string, source: FactsSource) {
  if (kind !== 'Pod' || operation !== 'CREATE') return undefined;
  const controller = controllerOf(object);
  return controller?.kind === 'Job' ? await source.ownerOfJob(namespace, controller.name) : undefined;
}

function ignored(reason: string): Admitted {
  return { allowed: true, issues: [], warnings: [], cautions: [], patch: [], outcome: 'ignored', reasons: [reason] };
}
