import { X509Certificate } from 'node:crypto';
import { listAt, sameJson, textAt, valueAt } from '../../inject/raw.ts';
import installed from '../explain/installation.json' with { type: 'json' };
import { attempt, type Cluster, failed, type Outcome, ok, REGISTRATION, SYSTEM, warning } from './outcome.ts';

/** Of our webhook, what an edit of makes it another one; `caBundle` is the webhook's own to write. */
const WEBHOOK_FIELDS = [
  'rules',
  'failurePolicy',
  'timeoutSeconds',
  'sideEffects',
  'reinvocationPolicy',
  'matchPolicy',
  'namespaceSelector',
  'matchConditions',
];
const POLICY_FIELDS = [
  'failurePolicy',
  'matchConstraints.resourceRules',
  'matchConstraints.namespaceSelector',
  'matchConditions',
  'variables',
  'validations',
];
/** Of a certificate's life: what is left of it when that is worth a word. */
const LEAST_SHARE = 0.2;

/** Whether the webhook is registered as our manifests say, and with which authority. */
export function checkWebhook(api: Cluster, nowMs: number): Promise<readonly Outcome[]> {
  return attempt('webhook-registered', async () => {
    const found = await api.read(`${REGISTRATION}/mutatingwebhookconfigurations/mcp-sluice`);
    if (found === undefined)
      return [failed('webhook-registered', 'MutatingWebhookConfiguration mcp-sluice is not there: nothing is injected')];
    const [ours] = listAt(installed.webhooks[0], 'webhooks');
    const webhook = listAt(found, 'webhooks').find((each) => textAt(each, 'name') === textAt(ours, 'name'));
    if (webhook === undefined)
      return [failed('webhook-registered', `MutatingWebhookConfiguration mcp-sluice has no webhook ${textAt(ours, 'name')}`)];
    const edited = WEBHOOK_FIELDS.filter((field) => !sameJson(valueAt(webhook, [field]), valueAt(ours, [field])));
    return [
      edited.length === 0
        ? ok('webhook-registered', 'the webhook is registered as this version has it')
        : warning(
            'webhook-registered',
            `the webhook's ${edited.join(', ')} differ from those of this version: another version, or somebody edited them`,
          ),
      authority(textAt(webhook, 'clientConfig', 'caBundle'), nowMs),
    ];
  });
}

function authority(caBundle: string, nowMs: number): Outcome {
  const check = 'webhook-ca';
  const certificates = (
    Buffer.from(caBundle, 'base64')
      .toString('latin1')
      .match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? []
  ).flatMap(parse);
  if (certificates.length === 0)
    return failed(check, 'caBundle holds no certificate: no apiserver can call the webhook; its replicas write it when they are ready');
  // The last to end is the one that signs, or will.
  const last = certificates.reduce((a, b) => (a.validToDate > b.validToDate ? a : b));
  const [from, to] = [last.validFromDate.getTime(), last.validToDate.getTime()];
  const days = Math.floor((to - nowMs) / 86_400_000);
  if (to <= nowMs) return failed(check, `the CA in caBundle ended ${-days} days ago`);
  if ((to - nowMs) / (to - from) < LEAST_SHARE)
    return warning(check, `the CA in caBundle ends in ${days} days, the last fifth of its life, and should have been renewed`);
  return ok(check, `the CA in caBundle is good for ${days} days`);
}

function parse(pem: string): X509Certificate[] {
  try {
    return [new X509Certificate(pem)];
  } catch {
    return [];
  }
}

/** Whether each policy is there, bound, and says what ours says. */
export function checkPolicies(api: Cluster): Promise<readonly Outcome[]> {
  return attempt('policies', async () => {
    const all = await Promise.all(
      installed.policies.map(async (ours): Promise<Outcome> => {
        const { name } = ours.metadata;
        const check = `policy ${name}`;
        const [policy, binding] = await Promise.all([
          api.read(`${REGISTRATION}/validatingadmissionpolicies/${name}`),
          api.read(`${REGISTRATION}/validatingadmissionpolicybindings/${name}`),
        ]);
        if (policy === undefined || binding === undefined)
          return failed(check, `${policy ? 'it is not bound' : 'it is not there'}: what it would refuse is admitted`);
        if (!listAt(binding, 'spec', 'validationActions').includes('Deny')) return failed(check, 'its binding does not deny');
        const edited = POLICY_FIELDS.filter(
          (field) => !sameJson(valueAt(policy, ['spec', ...field.split('.')]), valueAt(ours, ['spec', ...field.split('.')])),
        );
        if (edited.length > 0) return warning(check, `its ${edited.join(', ')} differ from those of this version`);
        return ok(check, 'it is bound, and says what this version says');
      }),
    );
    return all;
  });
}

/** Mutating webhooks on pods, in the order in which an apiserver asks them (by name). */
export function checkOrder(api: Cluster): Promise<readonly Outcome[]> {
  return attempt('webhook-order', async () => {
    const { items } = await api.list(`${REGISTRATION}/mutatingwebhookconfigurations`, { limit: 200 });
    const names = items
      .filter(isOnPods)
      .map(({ metadata }) => metadata?.name ?? '')
      .sort();
    const at = names.indexOf('mcp-sluice');
    if (at === -1) return [];
    const after = names.slice(at + 1);
    const told = `asked on pods, in this order: ${names.join(', ')}`;
    if (after.length === 0) return [ok('webhook-order', told)];
    return [
      ok(
        'webhook-order',
        `${told}; after ${after.length === 1 ? 'the one' : 'those'} behind us, which may change what we made, we are asked again`,
      ),
    ];
  });
}

function isOnPods(configuration: object): boolean {
  return listAt(configuration, 'webhooks').some((webhook) =>
    listAt(webhook, 'rules').some((rule) => {
      const has = (field: string, words: readonly string[]) => listAt(rule, field).some((each) => words.includes(String(each)));
      return has('apiGroups', ['', '*']) && has('resources', ['pods', '*', '*/*', 'pods/*']) && has('operations', ['CREATE', '*']);
    }),
  );
}

/** Versions: of the webhook that runs, of the images that the policies accept, and whether all replicas are ready. */
export function checkVersions(api: Cluster): Promise<readonly Outcome[]> {
  return attempt('webhook-replicas', async () => {
    const [deployment, images] = await Promise.all([
      api.read(`/apis/apps/v1/namespaces/${SYSTEM}/deployments/mcp-sluice-webhook`),
      api.read(`/api/v1/namespaces/${SYSTEM}/configmaps/mcp-sluice-images`),
    ]);
    if (deployment === undefined) return [failed('webhook-replicas', `Deployment mcp-sluice-webhook is not in ${SYSTEM}`)];
    const [wanted, ready, updated] = [
      ['spec', 'replicas'],
      ['status', 'readyReplicas'],
      ['status', 'updatedReplicas'],
    ].map((path) => Number(valueAt(deployment, path) ?? 0));
    const count = `${ready} of ${wanted} replicas are ready`;
    const replicas = ready === 0 ? failed : ready !== wanted || updated !== wanted ? warning : ok;
    const image = textAt(listAt(deployment, 'spec', 'template', 'spec', 'containers')[0], 'image');
    const current = textAt(images, 'data', 'current');
    const named =
      current === image
        ? ok('images', `${image} is injected`)
        : current === ''
          ? failed('images', 'the webhook has named no image yet: the policies refuse every sidecar')
          : warning('images', `the Deployment has ${image}, and ${current} is injected: a rollout is under way, or stuck`);
    return [replicas('webhook-replicas', updated === wanted ? count : `${count}, and ${updated} of the newest version`), named];
  });
}
