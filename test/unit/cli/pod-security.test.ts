import { describe, expect, it } from 'vitest';
import { violations } from '../../../src/cli/explain/pod-security.ts';

const sound = {
  securityContext: { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } },
  containers: [{ name: 'a', securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } } }],
};
const withContainer = (fields: object) => ({ ...sound, containers: [{ ...sound.containers[0], ...fields }] });
const secured = (fields: object) => withContainer({ securityContext: { ...sound.containers[0]?.securityContext, ...fields } });

// By the Pod Security Standards (kubernetes.io/docs/concepts/security/pod-security-standards).
describe('Pod Security', () => {
  it('[cli:pod-security] finds nothing in a pod that keeps to a level', () => {
    expect(violations(sound, 'restricted')).toEqual([]);
    expect(violations({ containers: [{ name: 'a' }] }, 'baseline')).toEqual([]);
    expect(violations({ hostNetwork: true, containers: [{ name: 'a', securityContext: { privileged: true } }] }, 'privileged')).toEqual([]);
  });

  it.each([
    [{ ...sound, hostPID: true }, 'hostPID is true'],
    [{ ...sound, volumes: [{ name: 'v', hostPath: { path: '/' } }] }, 'volume v is a hostPath'],
    [secured({ privileged: true }), 'container a is privileged'],
    [secured({ capabilities: { add: ['NET_ADMIN'], drop: ['ALL'] } }), 'container a adds the capability NET_ADMIN'],
    [secured({ seccompProfile: { type: 'Unconfined' } }), 'container a is without seccomp'],
    [secured({ procMount: 'Unmasked' }), 'container a has procMount Unmasked'],
    [withContainer({ ports: [{ containerPort: 1, hostPort: 8080 }] }), 'container a has hostPort 8080'],
  ])('[cli:pod-security] finds at baseline and restricted: %#', (spec, expected) => {
    expect(violations(spec, 'baseline')).toEqual([expected]);
    expect(violations(spec, 'restricted')).toContain(expected);
  });

  it.each([
    [secured({ allowPrivilegeEscalation: undefined }), 'container a does not set allowPrivilegeEscalation: false'],
    [secured({ runAsNonRoot: false }), 'container a does not set runAsNonRoot: true'],
    [secured({ runAsUser: 0 }), 'container a runs as root (runAsUser 0)'],
    [secured({ capabilities: {} }), 'container a does not drop ALL capabilities'],
    [secured({ capabilities: { drop: ['ALL'], add: ['CHOWN'] } }), 'container a adds the capability CHOWN'],
    [{ ...sound, volumes: [{ name: 'v', nfs: {} }] }, 'volume v is a nfs'],
    [{ ...sound, securityContext: { runAsNonRoot: true } }, 'container a does not set seccompProfile'],
  ])('[cli:pod-security] finds at restricted alone: %#', (spec, expected) => {
    expect(violations(spec, 'restricted')).toEqual([expected]);
    expect(violations(spec, 'baseline')).toEqual([]);
  });

  it('[cli:pod-security] looks at init and ephemeral containers, too', () => {
    const bad = [{ name: 'b', securityContext: { privileged: true } }];
    for (const list of ['initContainers', 'ephemeralContainers']) {
      expect(violations({ ...sound, [list]: bad }, 'baseline')).toEqual(['container b is privileged']);
    }
  });
});
