import { listAt, objectAt } from '../../inject/raw.ts';
import { attempt, type Cluster, failed, jsonOf, messageOf, type Outcome, ok, SYSTEM, unknown, warning } from './outcome.ts';

const ACCOUNT = `system:serviceaccount:${SYSTEM}:mcp-sluice-webhook`;

interface Right {
  readonly verb: string;
  readonly resource: string;
  readonly group?: string;
  readonly namespace?: string;
  readonly name?: string;
}

/** As manifests/base/rbac.yaml gives them. */
const NEEDED: readonly Right[] = [
  { verb: 'get', resource: 'namespaces' },
  { verb: 'get', resource: 'configmaps' },
  { verb: 'get', resource: 'jobs', group: 'batch' },
  { verb: 'update', resource: 'configmaps', namespace: SYSTEM, name: 'mcp-sluice-images' },
  { verb: 'get', resource: 'pods', namespace: SYSTEM },
];
/** For a webhook that makes its own certificate; the cert-manager overlay takes both away (contract §9.1). */
const SECRET: Right = { verb: 'update', resource: 'secrets', namespace: SYSTEM, name: 'mcp-sluice-webhook-certificate' };
const PATCH: Right = {
  verb: 'patch',
  resource: 'mutatingwebhookconfigurations',
  group: 'admissionregistration.k8s.io',
  name: 'mcp-sluice',
};
/** Contract §9.1: no verb on Secrets outside its own namespace. */
const FORBIDDEN: readonly Right[] = ['get', 'list', 'watch', 'create', 'update', 'delete'].map((verb) => ({ verb, resource: 'secrets' }));

/** What the webhook's ServiceAccount may do, by the cluster's own word: no less than it needs, and nothing with Secrets. */
export function checkRights(api: Cluster): Promise<readonly Outcome[]> {
  return attempt('webhook-rights', async () => {
    const deployment = await api.read(`/apis/apps/v1/namespaces/${SYSTEM}/deployments/mcp-sluice-webhook`);
    const isMounted = listAt(deployment, 'spec', 'template', 'spec', 'containers').some((container) =>
      listAt(container, 'args').some((argument) => String(argument).startsWith('--tls-dir')),
    );
    const needed = isMounted ? NEEDED : [...NEEDED, SECRET, PATCH];
    const rights = [...needed, PATCH, ...FORBIDDEN];
    const answers: boolean[] = [];
    for (const right of rights) {
      const { namespace, ...attributes } = right;
      const spec = {
        user: ACCOUNT,
        groups: ['system:serviceaccounts', `system:serviceaccounts:${SYSTEM}`, 'system:authenticated'],
        resourceAttributes: { ...attributes, ...(namespace !== undefined && { namespace }) },
      };
      const answer = await api.ask('POST', '/apis/authorization.k8s.io/v1/subjectaccessreviews', {
        apiVersion: 'authorization.k8s.io/v1',
        kind: 'SubjectAccessReview',
        spec,
      });
      const answered = jsonOf(answer);
      if (answered === undefined)
        return [unknown('webhook-rights', answer.status === 403 ? 'you may not ask what the webhook may do' : messageOf(answer))];
      answers.push(objectAt(answered, 'status')['allowed'] === true);
    }
    const may = (right: Right) => answers[rights.indexOf(right)] === true;
    const lacking = needed.filter((right) => !may(right)).map(wordsOf);
    const excess = FORBIDDEN.filter(may).map(wordsOf);
    const outcomes = [
      lacking.length === 0
        ? ok('webhook-rights', 'the webhook may do what it needs')
        : failed('webhook-rights', `the webhook may not: ${lacking.join(', ')}`),
    ];
    if (isMounted && may(PATCH)) {
      outcomes.push(
        warning('webhook-rights', 'the webhook may change its own configuration, which it need not where its certificate is mounted'),
      );
    }
    outcomes.push(
      excess.length === 0
        ? ok('webhook-secrets', 'the webhook has no right on Secrets of other namespaces')
        : failed('webhook-secrets', `the webhook may, in every namespace: ${excess.join(', ')}`),
    );
    return outcomes;
  });
}

function wordsOf({ verb, resource, name, namespace }: Right): string {
  return `${verb} ${resource}${name === undefined ? '' : ` ${name}`}${namespace === undefined ? '' : ` in ${namespace}`}`;
}
