import { PREFIX } from '../lib/prefix.ts';

/** The native sidecar. */
export const SIDECAR = 'mcp-sluice';
/** The init container that redirects, where `capture` is `redirect`. */
export const CAPTURE = 'mcp-sluice-capture';

export const VOLUME = {
  pod: 'mcp-sluice-pod',
  state: 'mcp-sluice-state',
  redisSecret: 'mcp-sluice-redis-secret',
  redisCa: 'mcp-sluice-redis-ca',
  identityCa: 'mcp-sluice-identity-ca',
} as const;

export const MOUNT = {
  pod: '/etc/mcp-sluice/pod',
  state: '/run/mcp-sluice',
  redisSecret: '/etc/mcp-sluice/redis-secret',
  redisCa: '/etc/mcp-sluice/redis-ca',
  identityCa: '/etc/mcp-sluice/identity-ca',
  caBundles: '/etc/mcp-sluice/ca-bundles',
  entryHeaders: '/etc/mcp-sluice/entry-headers',
  /** Of a service account, wherever it is automounted; nothing of ours is read there. */
  token: '/var/run/secrets/kubernetes.io/serviceaccount',
} as const;

/** On every pod with our sidecar: the policy on images selects by it. */
export const INJECTED_LABEL = `${PREFIX}injected`;
/** Field selector: what has ended runs nothing. */
export const RUNNING_PODS = 'status.phase!=Succeeded,status.phase!=Failed';
export const INJECT_KEY = `${PREFIX}inject`;
/** Version and hash of the configuration at admission. Never believed, only written. */
export const STATUS_KEY = `${PREFIX}status`;
/** What the webhook wrote into a workload's template, on the workload's own metadata. */
export const PROPAGATED_KEY = `${PREFIX}propagated`;
