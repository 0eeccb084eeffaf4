import type { Issue } from '../lib/issue.ts';
import { soundEntries } from '../settings/sound-entries.ts';
import type { Authority } from './authority.ts';
import { listAt, textsAt } from './raw.ts';

/** What a webhook that meets a static pod, or finds one without sidecar, has to say. */
export const STATIC_POD_WAY =
  'a kubelet runs a static pod from its file, past every webhook: put the sidecar into the file with mcp-sluice inject --static-pod';

/** True for the apiserver's picture of a static pod, which nobody can change. */
export function isMirrorPod(pod: unknown): boolean {
  return (
    listAt(pod, 'spec', 'containers').length > 0 && textsAt(pod, 'metadata', 'annotations')['kubernetes.io/config.mirror'] !== undefined
  );
}

export interface References {
  /** Of the login at Redis. */
  readonly redisSecret: string | undefined;
  readonly authorities: readonly { readonly ca: Authority; readonly path: Issue['path'] }[];
}

/**
 * What would be mounted into a static pod and cannot be: a kubelet takes none that refers to other objects of the API, and
 * says so in its log alone (PreventStaticPodAPIReferences, Kubernetes 1.34; before, the apiserver refused its mirror pod).
 */
export function judgeStaticPod(effective: Readonly<Record<string, string>>, { redisSecret, authorities }: References): Issue[] {
  const refused = (what: string, path: Issue['path']): Issue => {
    const message = `needs ${what}, and a kubelet takes no static pod that refers to a Secret or ConfigMap: leave it out, or let a DaemonSet run the pod`;
    return { code: 'STATIC_POD_REFERENCE', path, message };
  };
  return [
    ...(redisSecret === undefined ? [] : [refused(`the Secret ${redisSecret}`, ['redis-secret'])]),
    ...authorities.map(({ ca, path }) => refused(`the ConfigMap ${ca.configMap}`, path)),
    ...soundEntries(effective).flatMap(({ index, entry: { headers } }) =>
      [...new Set(headers.map(({ secret }) => secret))].map((secret) =>
        refused(`the Secret ${secret}`, ['remote-entries', index, 'headers']),
      ),
    ),
  ];
}
