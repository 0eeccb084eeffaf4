import { INJECTED_LABEL, SIDECAR } from '../../inject/names.ts';
import { listAt, textAt, textsAt, valueAt } from '../../inject/raw.ts';
import { ADMIN_PORT } from '../../lib/ports.ts';
import { shownValue } from '../shown-value.ts';
import type { Installed } from './installed.ts';
import { attempt, type Cluster, failed, jsonOf, messageOf, type Outcome, ok, SYSTEM, unknown, warning } from './outcome.ts';
import { defaultsOf, imagesNamed } from './webhook-deployment.ts';

const MAX_TOLD = 10;
/** Sidecars that are asked; one speaks for the others of its namespace. */
const MAX_ASKED = 20;

/** Sound under every Pod Security level, small enough for any quota, and never run. */
const KNOWN_POD = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { generateName: 'mcp-sluice-check-', annotations: { 'mcp-sluice.dev/inject': 'true' } },
  spec: {
    securityContext: { runAsNonRoot: true, runAsUser: 65_534, seccompProfile: { type: 'RuntimeDefault' } },
    containers: [
      {
        name: 'app',
        image: 'registry.invalid/mcp-sluice-check',
        ports: [{ name: 'mcp', containerPort: 3000 }],
        resources: { requests: { cpu: '1m', memory: '1Mi' }, limits: { cpu: '1m', memory: '1Mi' } },
        securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } },
      },
    ],
  },
};

/**
 * Has a known pod admitted in a dry run: the apiserver's own proof that the webhook answers, that its certificate is
 * trusted and that the policies let pass what it makes.
 */
export function checkAdmission(api: Cluster, namespace: string): Promise<readonly Outcome[]> {
  return attempt('webhook-answers', async () => {
    const space = await api.read(`/api/v1/namespaces/${encodeURIComponent(namespace)}`);
    if (
      textsAt(space, 'metadata', 'labels')['mcp-sluice.dev/webhook'] === 'ignore' ||
      namespace === SYSTEM ||
      namespace === 'kube-system'
    ) {
      return [unknown('webhook-answers', `namespace ${namespace} is left out by the selector: --namespace names another`)];
    }
    const answer = await api.ask('POST', `/api/v1/namespaces/${encodeURIComponent(namespace)}/pods?dryRun=All`, KNOWN_POD);
    const pod = jsonOf(answer);
    const has = listAt(pod, 'spec', 'initContainers').some((each) => textAt(each, 'name') === SIDECAR);
    if (has) return [ok('webhook-answers', `a known pod in namespace ${namespace} is injected, in a dry run`)];
    if (pod !== undefined)
      return [
        failed(
          'webhook-answers',
          `a known pod in namespace ${namespace} is admitted without its sidecar: neither webhook nor policy holds there`,
        ),
      ];
    if (answer.status === 403 && /cannot create resource/.test(messageOf(answer)))
      return [unknown('webhook-answers', `you may not create pods in namespace ${namespace}`)];
    const isNaked = /has annotation mcp-sluice\.dev\/inject: "true" but not the sidecar/.test(messageOf(answer));
    if (isNaked)
      return [
        failed(
          'webhook-answers',
          `the webhook does not answer, or its certificate is not trusted; the policy refuses the known pod, as it should: ${messageOf(answer)}`,
        ),
      ];
    // kubernetes#130887: an apiserver that lost the last parameter of a policy reads none again.
    const remedy = /no params found for policy binding/.test(messageOf(answer))
      ? `where ConfigMap mcp-sluice-images is in ${SYSTEM} restart the apiservers (docs/operations.md, "Installed again"), else apply the manifests again`
      : undefined;
    return [failed('webhook-answers', `a known pod in namespace ${namespace} is refused: ${messageOf(answer)}`, remedy)];
  });
}

/** What each replica says of itself, through the apiserver: also that it serves a certificate of the published bundle. */
export function checkReplicas({ replicas }: Pick<Installed, 'replicas'>): readonly Outcome[] {
  if (replicas === 'forbidden') return [unknown('webhook-ready', 'you may not list the replicas')];
  return replicas.map(({ name, ready }) => {
    const check = `webhook-ready ${name}`;
    if (ready.status === 200) return ok(check, 'certificate served and trusted, images published');
    if (ready.status === 403) return unknown(check, 'you may not reach pods through the apiserver (pods/proxy)');
    return failed(check, oneLine(ready.status === 503 && !ready.body.startsWith('{') ? ready.body : messageOf(ready)));
  });
}

/** Pods that are stale, naked or forged, all over the cluster. */
export function checkPods(
  api: Cluster,
  { deployment, versions }: Pick<Installed, 'deployment' | 'versions'>,
  nowMs: number,
): Promise<readonly Outcome[]> {
  return attempt('pods', async () => {
    const images = await api.read(`/api/v1/namespaces/${SYSTEM}/configmaps/mcp-sluice-images`);
    const allowedImages = imagesNamed(images);
    const [image] = allowedImages;
    if (image === undefined) return [unknown('pods', 'which image is injected is not known')];
    const [version, ...others] = versions;
    const today = {
      ...{ image, allowedImages },
      ...(version !== undefined && others.length === 0 && { version }),
      ...(deployment !== undefined && { defaults: defaultsOf(deployment) }),
    };
    const { counts, findings } = await api.sweep(today, () => nowMs);
    const bad = counts.naked + counts.forged;
    const told = `${counts.fresh} as the webhook makes them, ${counts.stale} stale, ${counts.naked} naked, ${counts.forged} forged, ${counts.unready} not ready`;
    const state = bad > 0 ? failed : counts.stale + counts.unready > 0 ? warning : ok;
    return [
      state('pods', told),
      ...findings.slice(0, MAX_TOLD).map(tell),
      ...(findings.length > MAX_TOLD ? [warning('pods', `and ${findings.length - MAX_TOLD} more`)] : []),
    ];
  });
}

function tell({ what, reason, pod }: Awaited<ReturnType<Cluster['sweep']>>['findings'][number]): Outcome {
  const message = `${pod.metadata?.namespace ?? ''}/${pod.metadata?.name ?? ''} is ${what}${reason === '' ? '' : `: ${reason}`}`;
  return what === 'unready' ? warning('pods', message) : failed('pods', message);
}

/**
 * Whether Redis is reached from where it has to be: sidecars are asked, through the apiserver, one in each namespace. From
 * here it might be reached, or not, and mean nothing.
 */
export function checkRedis(api: Cluster): Promise<readonly Outcome[]> {
  return attempt('redis', async () => {
    const { items } = await api.list('/api/v1/pods', {
      limit: 500,
      labelSelector: `${INJECTED_LABEL}=true`,
      fieldSelector: 'status.phase=Running',
    });
    const limited = items.filter(
      (pod) =>
        textsAt(pod, 'metadata', 'annotations')['mcp-sluice.dev/redis'] !== undefined &&
        valueAt(pod, ['metadata', 'deletionTimestamp']) === undefined,
    );
    const first = new Map<string, object>();
    for (const pod of limited) {
      const key = `${pod.metadata?.namespace} ${textsAt(pod, 'metadata', 'annotations')['mcp-sluice.dev/redis']}`;
      if (!first.has(key)) first.set(key, pod);
    }
    if (first.size === 0) return [unknown('redis', 'no pod with a sidecar and a Redis runs, so nobody can say')];
    return await Promise.all([...first.values()].slice(0, MAX_ASKED).map((pod) => askSidecar(api, pod)));
  });
}

async function askSidecar(api: Cluster, pod: object): Promise<Outcome> {
  const [namespace, name] = ['namespace', 'name'].map((field) => textAt(pod, 'metadata', field));
  const redis = shownValue('redis', textsAt(pod, 'metadata', 'annotations')['mcp-sluice.dev/redis'] ?? '');
  const check = `redis ${namespace}`;
  const answer = await api.ask('GET', `/api/v1/namespaces/${namespace}/pods/${name}:${ADMIN_PORT}/proxy/metrics`);
  if (answer.status === 403) return unknown(check, 'you may not reach pods through the apiserver (pods/proxy)');
  if (answer.status !== 200) return unknown(check, `${namespace}/${name} does not answer: ${messageOf(answer)}`);
  const [, open] = /^mcp_sluice_breaker_open(?:\{[^}]*\})? ([0-9.]+)$/m.exec(answer.body) ?? [];
  if (Number(open ?? 0) > 0) return failed(check, `${namespace}/${name} does not reach ${redis} now`);
  const ready = await api.ask('GET', `/api/v1/namespaces/${namespace}/pods/${name}:${ADMIN_PORT}/proxy/readyz`);
  const said = textAt(parse(ready.body), 'checks', 'redis');
  if (said === 'ok') return ok(check, `${namespace}/${name} reaches ${redis}`);
  return said === ''
    ? unknown(check, `${namespace}/${name} says nothing of Redis: ${messageOf(ready)}`)
    : failed(check, `${namespace}/${name} does not reach ${redis}: ${oneLine(said)}`);
}

/** 503 with a body is an answer, too. */
function parse(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}

function oneLine(text: string): string {
  return text
    .trim()
    .replace(/\s*\n\s*/g, '; ')
    .slice(0, 400);
}
