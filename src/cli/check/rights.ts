import { listAt, objectAt, textAt } from '../../inject/raw.ts';
import installation from '../explain/installation.json' with { type: 'json' };
import { attempt, type Cluster, failed, jsonOf, messageOf, type Outcome, ok, SYSTEM, unknown, warning } from './outcome.ts';

const ACCOUNT = `system:serviceaccount:${SYSTEM}:mcp-sluice-webhook`;
const GROUPS = ['system:serviceaccounts', `system:serviceaccounts:${SYSTEM}`, 'system:authenticated'];
/** manifests/base/rbac-report.yaml, which an installation may leave out. */
const REPORT = 'mcp-sluice-report';

interface Right {
  readonly verb: string;
  readonly resource: string;
  readonly group: string;
  readonly namespace?: string;
  readonly name?: string;
}

/** As installation.json has them, which is made of manifests/base/rbac*.yaml and of the overlay. */
type InstalledRole = { readonly kind: string; readonly metadata: { readonly name: string } };

const ON_SECRETS: readonly Right[] = ['get', 'list', 'watch', 'create', 'update', 'patch', 'delete', 'deletecollection'].map((verb) => ({
  verb,
  resource: 'secrets',
  group: '',
}));
/** Contract §9.1: no verb on Secrets outside its own namespace; and what would give that and all else. */
const FORBIDDEN: readonly Right[] = [...ON_SECRETS, { verb: '*', resource: '*', group: '*' }];
/** The Secrets that a webhook with a mounted certificate has no business with: what it made itself, and what cert-manager makes. */
const SECRETS = [undefined, 'mcp-sluice-webhook-certificate', 'mcp-sluice-webhook-tls', 'mcp-sluice-webhook-ca'];
/** What the overlay takes away: to change its own configuration, and all on Secrets of its own namespace. */
const NEEDLESS: readonly Right[] = [
  ...['patch', 'update', 'delete'].map((verb) => ({
    ...{ verb, resource: 'mutatingwebhookconfigurations', group: 'admissionregistration.k8s.io', name: 'mcp-sluice' },
  })),
  ...SECRETS.flatMap((name) => ON_SECRETS.map((right) => ({ ...right, namespace: SYSTEM, ...(name !== undefined && { name }) }))),
];

/** What the webhook's ServiceAccount may do, by the cluster's own word: no less than its manifests give it, and nothing with Secrets. */
export function checkRights(api: Cluster, { isMounted }: { readonly isMounted: boolean }): Promise<readonly Outcome[]> {
  return attempt('webhook-rights', async () => {
    const roles = isMounted ? installation.rolesWithMountedCertificate : installation.roles;
    const [needed, report] = [rightsOf(roles, false), rightsOf(roles, true)];
    const refused: Right[] = [];
    for (const right of [...needed, ...report, ...FORBIDDEN, ...(isMounted ? NEEDLESS : [])]) {
      const answer = await ask(api, right);
      if (typeof answer === 'object') return [unknown('webhook-rights', answer.why)];
      if (!answer) refused.push(right);
    }
    const may = (right: Right) => !refused.includes(right);
    const lacking = needed.filter((right) => !may(right));
    return [
      lacking.length === 0
        ? ok('webhook-rights', 'the webhook may do what it needs')
        : failed(
            'webhook-rights',
            `the webhook may not: ${lacking.map(wordsOf).join(', ')}`,
            'apply the Roles of the manifests and their bindings again',
          ),
      ...reportOutcome(report, report.filter(may)),
      ...(isMounted ? needlessOutcome(NEEDLESS.filter(may)) : []),
      secretsOutcome(FORBIDDEN.filter(may)),
    ];
  });
}

/** Each verb of each rule on each name, as the manifests give them. */
function rightsOf(roles: readonly InstalledRole[], isReport: boolean): Right[] {
  return roles
    .filter(({ metadata }) => (metadata.name === REPORT) === isReport)
    .flatMap((role) =>
      listAt(role, 'rules').flatMap((rule) => {
        const texts = (field: string) => listAt(rule, field).filter((each) => typeof each === 'string');
        const names = texts('resourceNames');
        const place = role.kind === 'Role' ? { namespace: textAt(role, 'metadata', 'namespace') } : {};
        return texts('apiGroups').flatMap((group) =>
          texts('resources').flatMap((resource) =>
            texts('verbs').flatMap((verb) =>
              (names.length === 0 ? [undefined] : names).map((name) => ({
                verb,
                resource,
                group,
                ...place,
                ...(name !== undefined && { name }),
              })),
            ),
          ),
        );
      }),
    );
}

async function ask(api: Cluster, right: Right): Promise<boolean | { readonly why: string }> {
  const answer = await api.ask('POST', '/apis/authorization.k8s.io/v1/subjectaccessreviews', {
    apiVersion: 'authorization.k8s.io/v1',
    kind: 'SubjectAccessReview',
    spec: { user: ACCOUNT, groups: GROUPS, resourceAttributes: right },
  });
  const answered = jsonOf(answer);
  if (answered !== undefined) return objectAt(answered, 'status')['allowed'] === true;
  return { why: answer.status === 403 ? 'you may not ask what the webhook may do' : messageOf(answer) };
}

/** All or nothing is as somebody chose; a part of it is a mistake. */
function reportOutcome(all: readonly Right[], given: readonly Right[]): Outcome[] {
  if (given.length === all.length) return [];
  const lacking = all.filter((right) => !given.includes(right)).map(wordsOf);
  return given.length === 0
    ? [ok('webhook-report', 'the webhook may not list pods: it reports none that are stale, naked or forged (rbac-report.yaml)')]
    : [warning('webhook-report', `for its report the webhook may not: ${lacking.join(', ')}`)];
}

function needlessOutcome(given: readonly Right[]): Outcome[] {
  if (given.length === 0) return [];
  // What is given on all Secrets is given on each.
  const onAll = given.flatMap(({ resource, name, verb }) => (resource === 'secrets' && name === undefined ? [verb] : []));
  const told = given
    .filter(({ resource, name, verb }) => resource !== 'secrets' || name === undefined || !onAll.includes(verb))
    .map(wordsOf);
  return [
    warning(
      'webhook-rights',
      `the webhook may, and need not where its certificate is mounted: ${told.join(', ')}`,
      'apply the manifests of the overlay again, and remove what else is bound to its ServiceAccount',
    ),
  ];
}

function secretsOutcome(excess: readonly Right[]): Outcome {
  return excess.length === 0
    ? ok('webhook-secrets', 'the webhook has no right on Secrets of other namespaces')
    : failed('webhook-secrets', `the webhook may, in every namespace: ${excess.map(wordsOf).join(', ')}`);
}

function wordsOf({ verb, resource, name, namespace }: Right): string {
  if (resource === '*') return 'all there is';
  return `${verb} ${resource}${name === undefined ? '' : ` ${name}`}${namespace === undefined ? '' : ` in ${namespace}`}`;
}
