import { isMeshProxy, isNativeSidecar } from './mesh.ts';
import { CAPTURE, SIDECAR } from './names.ts';
import { listAt, type Path, textAt } from './raw.ts';

export interface AppContainer {
  readonly container: unknown;
  readonly name: string;
  /** Its place in the pod's spec. */
  readonly at: Path;
}

/** The user's containers and native sidecars: all that run as long as the pod, without ours and a mesh's proxy. */
export function appContainers(spec: unknown): AppContainer[] {
  return ['containers', 'initContainers'].flatMap((list) =>
    listAt(spec, list).flatMap((container, index) => {
      const name = textAt(container, 'name');
      const isOther = name === SIDECAR || name === CAPTURE || isMeshProxy(name);
      return isOther || (list === 'initContainers' && !isNativeSidecar(container)) ? [] : [{ container, name, at: [list, index] }];
    }),
  );
}
