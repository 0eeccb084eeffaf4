import { afterAll, beforeAll } from 'vitest';
import { apply, kubectl } from '../e2e/kubectl.ts';

const NAME = 'e2e-parameter-reader';

/**
 * For a file that uninstalls: an apiserver whose last policy with ConfigMap parameters goes reads no ConfigMap for
 * policies again before it is restarted (kubernetes/kubernetes#130887), and others install in the same apiserver.
 */
export function keepParameterReader(): void {
  beforeAll(async () => void (await apply(...policy())));
  afterAll(async () => void (await kubectl(['delete', 'validatingadmissionpolicybinding,validatingadmissionpolicy', NAME])));
}

/** A policy of somebody else that has a ConfigMap for its parameter, and judges nothing. */
function policy(): object[] {
  const rule = { apiGroups: ['e2e.test'], apiVersions: ['v1'], resources: ['nothing'], operations: ['CREATE'] };
  const apiVersion = 'admissionregistration.k8s.io/v1';
  return [
    {
      apiVersion,
      kind: 'ValidatingAdmissionPolicy',
      metadata: { name: NAME },
      spec: {
        paramKind: { apiVersion: 'v1', kind: 'ConfigMap' },
        matchConstraints: { resourceRules: [rule] },
        validations: [{ expression: 'true' }],
      },
    },
    {
      apiVersion,
      kind: 'ValidatingAdmissionPolicyBinding',
      metadata: { name: NAME },
      spec: {
        policyName: NAME,
        validationActions: ['Deny'],
        paramRef: { name: 'kube-root-ca.crt', namespace: 'default', parameterNotFoundAction: 'Allow' },
      },
    },
  ];
}
