import { ADMIN_PORT, ENTRIES_PORT, redirectPorts } from '../lib/ports.ts';
import { DEFAULT_RESOURCES } from '../settings/resources.ts';
import type { Settings } from '../settings/settings.ts';
import type { Capture } from './capture.ts';
import { CAPTURE, MOUNT, SIDECAR, VOLUME } from './names.ts';
import { type Raw, sameJson } from './raw.ts';

/** All that our two containers depend on. */
export interface Plan {
  readonly image: string;
  /** Absent in a pod that has remote entries only. */
  readonly server?: { readonly capture: Capture; readonly ports: readonly number[] };
  readonly hasEntries: boolean;
  /** `namespace/Kind/name`. */
  readonly owner: string;
  readonly graceSeconds: number;
  readonly redis: Settings['redis'];
  readonly identity: Settings['identity'];
  readonly resources: Settings['sidecarResources'];
  readonly mounts: readonly Raw[];
  /** Arguments for what the sidecar is to ask the app. */
  readonly probes: readonly string[];
}

// What the apiserver would fill in is written out: fed back, our own output must give no patch.
const DEFAULTED = { imagePullPolicy: 'IfNotPresent', terminationMessagePath: '/dev/termination-log', terminationMessagePolicy: 'File' };

const CONFINED = { allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, seccompProfile: { type: 'RuntimeDefault' } };

// Of no image and no known app.
const SIDECAR_UID = 64000;

/**
 * Kubernetes mounts the service account's token into every container in which nothing is mounted there (its admission
 * plugin ServiceAccount). Ours have no use for one, with or without a webhook to take it out again; and as it has nothing
 * to add to them, the apiserver need not ask the webhook a second time about each pod.
 */
const WITHOUT_TOKEN = { name: VOLUME.pod, mountPath: MOUNT.token, readOnly: true };

/** The native sidecar (contract §5): the whole of it, every field of the *restricted* profile set. */
export function sidecarContainer(plan: Plan): Raw {
  return {
    name: SIDECAR,
    image: plan.image,
    ...DEFAULTED,
    restartPolicy: 'Always',
    args: sidecarArgs(plan),
    env: [fieldEnv('POD_IPS', 'status.podIPs'), fieldEnv('POD_NAME', 'metadata.name')],
    ports: [{ name: 'mcp-sluice-adm', containerPort: ADMIN_PORT, protocol: 'TCP' }],
    resources: plan.resources,
    securityContext: {
      ...CONFINED,
      capabilities: { drop: ['ALL'] },
      runAsNonRoot: true,
      runAsUser: SIDECAR_UID,
      runAsGroup: SIDECAR_UID,
    },
    startupProbe: probe('/startupz', { periodSeconds: 1, failureThreshold: 60, timeoutSeconds: 1 }),
    readinessProbe: probe('/readyz', { periodSeconds: 2, failureThreshold: 2, timeoutSeconds: 2 }),
    livenessProbe: probe('/healthz', { periodSeconds: 10, failureThreshold: 3, timeoutSeconds: 2 }),
    // A Unix socket: a drain that the network could ask for would be a way to switch the server off.
    lifecycle: {
      preStop: { exec: { command: ['/usr/local/bin/node', '/app/mcp-sluice.cjs', 'drain', `--socket=${MOUNT.state}/drain.sock`] } },
    },
    volumeMounts: [...plan.mounts, WITHOUT_TOKEN],
  };
}

function sidecarArgs(plan: Plan): string[] {
  const args = ['sidecar', '--in-pod'];
  if (plan.server) args.push(`--capture=${plan.server.capture}`, ...plan.server.ports.map((port) => `--port=${port}`));
  args.push(
    '--pod-ips=$(POD_IPS)',
    `--annotations=${MOUNT.pod}/annotations`,
    `--owner=${plan.owner}`,
    '--pod-name=$(POD_NAME)',
    `--state-dir=${MOUNT.state}`,
  );
  if (plan.redis?.secret) args.push(`--redis-secret-dir=${MOUNT.redisSecret}`);
  if (plan.redis?.ca) args.push(`--redis-ca-file=${MOUNT.redisCa}/${plan.redis.ca.key}`);
  if (plan.identity?.jwt?.ca) args.push(`--identity-ca-file=${MOUNT.identityCa}/${plan.identity.jwt.ca.key}`);
  if (plan.hasEntries) {
    args.push(`--entries=127.0.0.1:${ENTRIES_PORT}`, `--ca-bundles-dir=${MOUNT.caBundles}`, `--entry-headers-dir=${MOUNT.entryHeaders}`);
  }
  args.push(`--grace-seconds=${plan.graceSeconds}`, ...plan.probes);
  return args;
}

/** The init container that redirects: root and NET_ADMIN, for netfilter knows no less, and nothing else. */
export function captureContainer({ image, resources }: Pick<Plan, 'image' | 'resources'>, ports: readonly number[]): Raw {
  const to = redirectPorts(ports.length);
  return {
    name: CAPTURE,
    image,
    ...DEFAULTED,
    args: ['capture', ...ports.flatMap((port, index) => [`--port=${port}`, `--to=${to[index]}`])],
    resources: captureResources(resources),
    securityContext: { ...CONFINED, capabilities: { add: ['NET_ADMIN'], drop: ['ALL'] }, runAsNonRoot: false, runAsUser: 0, runAsGroup: 0 },
    volumeMounts: [WITHOUT_TOKEN],
  };
}

/** Little, as it runs for a moment; but what a quota, a limit range or a Guaranteed pod asks of one container it asks of all. */
function captureResources(sidecar: Plan['resources']): Plan['resources'] {
  return sameJson(sidecar, DEFAULT_RESOURCES) ? { requests: { cpu: '10m', memory: '64Mi' }, limits: { memory: '128Mi' } } : sidecar;
}

function fieldEnv(name: string, fieldPath: string): Raw {
  return { name, valueFrom: { fieldRef: { apiVersion: 'v1', fieldPath } } };
}

function probe(path: string, times: { periodSeconds: number; failureThreshold: number; timeoutSeconds: number }): Raw {
  return { httpGet: { path, port: ADMIN_PORT, scheme: 'HTTP' }, ...times, successThreshold: 1 };
}
