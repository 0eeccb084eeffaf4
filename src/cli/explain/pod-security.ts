import { isNativeSidecar } from '../../inject/mesh.ts';
import { listAt, objectAt, type Path, textAt, valueAt } from '../../inject/raw.ts';

export type Level = 'privileged' | 'baseline' | 'restricted';

export function levelOf(text: string | undefined): Level {
  return text === 'baseline' || text === 'restricted' ? text : 'privileged';
}

/** Pod Security Standards, "Baseline": capabilities that may be added. */
const BASELINE_CAPABILITIES = [
  'AUDIT_WRITE',
  'CHOWN',
  'DAC_OVERRIDE',
  'FOWNER',
  'FSETID',
  'KILL',
  'MKNOD',
  'NET_BIND_SERVICE',
  'SETFCAP',
  'SETGID',
  'SETPCAP',
  'SETUID',
  'SYS_CHROOT',
];
const RESTRICTED_VOLUMES = ['configMap', 'csi', 'downwardAPI', 'emptyDir', 'ephemeral', 'persistentVolumeClaim', 'projected', 'secret'];
const SECCOMP = ['RuntimeDefault', 'Localhost'];
const SECURITY = 'securityContext';

/**
 * What of a pod's spec Pod Security refuses at the level, as its admission says it (the controls of the Pod Security
 * Standards for Linux pods, without AppArmor, SELinux and sysctls, which injection has nothing to do with).
 */
export function violations(spec: unknown, level: Level): string[] {
  if (level === 'privileged') return [];
  const containers = ['initContainers', 'containers', 'ephemeralContainers'].flatMap((list) => listAt(spec, list));
  const found = [...podBaseline(spec), ...containers.flatMap(containerBaseline)];
  if (level === 'restricted') found.push(...podRestricted(spec), ...containers.flatMap((each) => containerRestricted(each, spec)));
  return [...new Set(found)];
}

function podBaseline(spec: unknown): string[] {
  const shared = ['hostNetwork', 'hostPID', 'hostIPC'].filter((field) => valueAt(spec, [field]) === true);
  const paths = listAt(spec, 'volumes').filter((volume) => valueAt(volume, ['hostPath']) !== undefined);
  return [
    ...shared.map((field) => `${field} is true`),
    ...paths.map((volume) => `volume ${textAt(volume, 'name')} is a hostPath`),
    ...(textAt(spec, SECURITY, 'seccompProfile', 'type') === 'Unconfined' ? ['the pod is without seccomp'] : []),
  ];
}

function containerBaseline(container: unknown): string[] {
  const name = `container ${textAt(container, 'name')}`;
  const added = listAt(container, SECURITY, 'capabilities', 'add').filter((each) => !BASELINE_CAPABILITIES.includes(String(each)));
  const ports = listAt(container, 'ports').flatMap((port) =>
    Number(valueAt(port, ['hostPort']) ?? 0) > 0 ? [valueAt(port, ['hostPort'])] : [],
  );
  const procMount = textAt(container, SECURITY, 'procMount');
  return [
    ...(valueAt(container, [SECURITY, 'privileged']) === true ? [`${name} is privileged`] : []),
    ...added.map((each) => `${name} adds the capability ${String(each)}`),
    ...ports.map((port) => `${name} has hostPort ${String(port)}`),
    ...(textAt(container, SECURITY, 'seccompProfile', 'type') === 'Unconfined' ? [`${name} is without seccomp`] : []),
    ...(procMount === '' || procMount === 'Default' ? [] : [`${name} has procMount ${procMount}`]),
  ];
}

function podRestricted(spec: unknown): string[] {
  const types = listAt(spec, 'volumes').flatMap((volume) => {
    const type = Object.keys(objectAt(volume)).find((key) => key !== 'name');
    return type === undefined || RESTRICTED_VOLUMES.includes(type) ? [] : [`volume ${textAt(volume, 'name')} is a ${type}`];
  });
  return [...types, ...(valueAt(spec, [SECURITY, 'runAsUser']) === 0 ? ['the pod runs as root (runAsUser 0)'] : [])];
}

function containerRestricted(container: unknown, spec: unknown): string[] {
  const name = `container ${textAt(container, 'name')}`;
  const own = (...path: Path) => valueAt(container, [SECURITY, ...path]);
  const effective = (...path: Path) => own(...path) ?? valueAt(spec, [SECURITY, ...path]);
  const added = listAt(container, SECURITY, 'capabilities', 'add').filter((each) => each !== 'NET_BIND_SERVICE');
  return [
    ...(own('allowPrivilegeEscalation') === false ? [] : [`${name} does not set allowPrivilegeEscalation: false`]),
    ...(effective('runAsNonRoot') === true ? [] : [`${name} does not set runAsNonRoot: true`]),
    ...(own('runAsUser') === 0 ? [`${name} runs as root (runAsUser 0)`] : []),
    ...(SECCOMP.includes(String(effective('seccompProfile', 'type'))) ? [] : [`${name} does not set seccompProfile`]),
    ...(listAt(container, SECURITY, 'capabilities', 'drop').includes('ALL') ? [] : [`${name} does not drop ALL capabilities`]),
    ...added.map((each) => `${name} adds the capability ${String(each)}`),
  ];
}

/** Containers that run as long as the pod, ours included: they share its loopback. */
export function lastingContainers(spec: unknown): string[] {
  const native = listAt(spec, 'initContainers').filter(isNativeSidecar);
  return [...native, ...listAt(spec, 'containers')].map((each) => textAt(each, 'name'));
}
