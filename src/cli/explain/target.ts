/** An object in a cluster, as a person names it. */
export interface Target {
  readonly kind: string;
  readonly name: string;
}

/** With what kubectl takes for each. */
const KINDS: Readonly<Record<string, readonly string[]>> = {
  Pod: ['pod', 'pods', 'po'],
  Deployment: ['deployment', 'deployments', 'deploy'],
  StatefulSet: ['statefulset', 'statefulsets', 'sts'],
  DaemonSet: ['daemonset', 'daemonsets', 'ds'],
  ReplicaSet: ['replicaset', 'replicasets', 'rs'],
  Job: ['job', 'jobs'],
  CronJob: ['cronjob', 'cronjobs', 'cj'],
};

/** `pod/x`; undefined for what can only be a file (`./pod/x` always is). */
export function parseTarget(text: string): Target | undefined {
  const [, word = '', name = ''] = /^([a-zA-Z]+)\/([a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?)$/.exec(text) ?? [];
  const kind = Object.keys(KINDS).find((each) => KINDS[each]?.includes(word.toLowerCase()));
  return kind === undefined || /\.(ya?ml|json)$/.test(name) ? undefined : { kind, name };
}

const ROOTS: Readonly<Record<string, readonly [root: string, plural: string]>> = {
  Pod: ['/api/v1', 'pods'],
  Deployment: ['/apis/apps/v1', 'deployments'],
  StatefulSet: ['/apis/apps/v1', 'statefulsets'],
  DaemonSet: ['/apis/apps/v1', 'daemonsets'],
  ReplicaSet: ['/apis/apps/v1', 'replicasets'],
  Job: ['/apis/batch/v1', 'jobs'],
  CronJob: ['/apis/batch/v1', 'cronjobs'],
};

/** Where the API has the object; undefined for kinds that we have nothing to do with. */
export function pathOf({ kind, name }: Target, namespace: string): string | undefined {
  const [root, plural] = ROOTS[kind] ?? [];
  return root === undefined ? undefined : `${root}/namespaces/${encodeURIComponent(namespace)}/${plural}/${encodeURIComponent(name)}`;
}
