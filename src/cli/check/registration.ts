import { listAt, objectAt, textAt } from '../../inject/raw.ts';
import { VERSION } from '../../inject/stamp.ts';
import installation from '../explain/installation.json' with { type: 'json' };
import { type Difference, differencesOf, renderDifference } from './differences.ts';
import type { Installed } from './installed.ts';
import { attempt, type Cluster, failed, type Outcome, ok, REGISTRATION, SYSTEM, warning } from './outcome.ts';
import { isHarmless, type Registered, remedyOf, weakens } from './weakening.ts';

const MAX_TOLD = 5;
const AGAIN = `apply the manifests of ${VERSION} again`;

type Seen = Pick<Installed, 'versions'>;

/** Whether the webhook is registered as our manifests say. */
export function checkWebhook(api: Cluster, seen: Seen): Promise<readonly Outcome[]> {
  const check = 'webhook-registered';
  return attempt(check, async () => {
    const found = await api.read(`${REGISTRATION}/mutatingwebhookconfigurations/mcp-sluice`);
    if (found === undefined) return [failed(check, 'MutatingWebhookConfiguration mcp-sluice is not there: nothing is injected', AGAIN)];
    const [configuration] = installation.webhooks;
    const [ours] = listAt(configuration, 'webhooks');
    const name = textAt(ours, 'name');
    const all = listAt(found, 'webhooks');
    const index = all.findIndex((each) => textAt(each, 'name') === name);
    if (index === -1) return [failed(check, `MutatingWebhookConfiguration mcp-sluice has no webhook ${name}: nothing is injected`, AGAIN)];
    const foreign = all.flatMap((each) => (textAt(each, 'name') === name ? [] : [textAt(each, 'name')]));
    const differences = differencesOf(all[index], ours, { field: '', pointer: `/webhooks/${index}` });
    return [
      judge(check, 'webhook', configuration, differences, seen) ?? ok(check, 'the webhook is registered as this version has it'),
      ...(foreign.length === 0 ? [] : [warning(check, `in its configuration stand webhooks that are not ours: ${foreign.join(', ')}`)]),
    ];
  });
}

/** Whether each policy is there, bound, and both say what ours say. */
export function checkPolicies(api: Cluster, seen: Seen): Promise<readonly Outcome[]> {
  return attempt('policies', async () => [
    ...(await Promise.all(installation.policies.map((ours) => checkPolicy(api, ours, seen)))).flat(),
    ...(await checkParameters(api)),
  ]);
}

async function checkPolicy(api: Cluster, ours: (typeof installation.policies)[number], seen: Seen): Promise<Outcome[]> {
  const { name } = ours.metadata;
  const check = `policy ${name}`;
  const [policy, binding] = await Promise.all([
    api.read(`${REGISTRATION}/validatingadmissionpolicies/${name}`),
    api.read(`${REGISTRATION}/validatingadmissionpolicybindings/${name}`),
  ]);
  if (policy === undefined || binding === undefined)
    return [failed(check, `${policy ? 'it is not bound' : 'it is not there'}: what it would refuse is admitted`, AGAIN)];
  const ourBinding = installation.bindings.find((each) => each.metadata.name === name);
  const compare = (found: unknown, wanted: unknown) =>
    differencesOf(objectAt(found, 'spec'), objectAt(wanted, 'spec'), { field: '', pointer: '/spec' });
  const outcomes = [
    judge(check, 'policy', ours, compare(policy, ours), seen),
    judge(check, 'binding', ourBinding, compare(binding, ourBinding), seen),
  ].filter((each) => each !== undefined);
  return outcomes.length > 0 ? outcomes : [ok(check, 'it is bound, and says what this version says')];
}

/** What the policies look up: where it is missing, they refuse every pod with a sidecar. */
async function checkParameters(api: Cluster): Promise<Outcome[]> {
  const missing = await Promise.all(
    installation.parameters.map(async ({ metadata: { name } }) => {
      const found = await api.read(`/api/v1/namespaces/${SYSTEM}/configmaps/${name}`);
      return found === undefined
        ? [failed('policy-parameters', `ConfigMap ${name} is not in ${SYSTEM}: no pod with a sidecar is admitted`, AGAIN)]
        : [];
    }),
  );
  return missing.flat();
}

/** Undefined where nothing is said to be another. */
function judge(check: string, of: Registered, object: unknown, all: readonly Difference[], { versions }: Seen): Outcome | undefined {
  const differences = all.filter((each) => !isHarmless(of, each));
  if (differences.length === 0) return undefined;
  const isSameVersion = versions.length === 0 || versions.includes(VERSION);
  const isWeaker = differences.some((each) => weakens(of, each, isSameVersion));
  const told = differences.slice(0, MAX_TOLD).map(renderDifference);
  const rest = differences.length > MAX_TOLD ? ` and ${differences.length - MAX_TOLD} more` : '';
  const head = of === 'binding' ? `its binding${deniesNot(differences)}: ` : '';
  const effect = isWeaker ? CONSEQUENCES[of] : isSameVersion ? '' : `; ${versions.join(' and ')} is installed, which may have it so`;
  const make = isWeaker ? failed : warning;
  return make(
    check,
    `${head}${told.join('; ')}${rest}${effect}`,
    remedyOf(object, differences, isSameVersion ? VERSION : (versions[0] ?? VERSION)),
  );
}

const CONSEQUENCES: Readonly<Record<Registered, string>> = {
  webhook: '; what is no longer asked about gets no sidecar',
  policy: '; what it no longer judges is admitted while the webhook is away',
  binding: '; what it would refuse may be admitted',
};

function deniesNot(differences: readonly Difference[]): string {
  return differences.some(({ field }) => field === 'validationActions') ? ' does not deny' : '';
}
