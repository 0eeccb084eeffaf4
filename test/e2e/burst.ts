import { connectToCluster } from '../../webhook/kube.ts';
import type { KubeObject } from './kubectl.ts';

/** How the creation of one object ended. */
export interface Created {
  readonly name: string;
  readonly status: number;
  /** The object as it was stored, or the apiserver's Status. */
  readonly body: KubeObject;
  readonly durationMs: number;
}

export interface BurstOptions {
  readonly objects: readonly KubeObject[];
  readonly concurrency: number;
  readonly isDryRun?: boolean;
}

/** Creates pods as fast as the apiserver takes them, over kept connections; a refusal is an answer like any other. */
export async function createPods({ objects, concurrency, isDryRun = false }: BurstOptions): Promise<Created[]> {
  const api = connectToCluster({ timeoutMs: 30_000 });
  const created: Created[] = [];
  let begun = 0;
  async function work(): Promise<void> {
    while (begun < objects.length) {
      const object = objects[begun++] as KubeObject;
      const path = `/api/v1/namespaces/${object.metadata.namespace}/pods${isDryRun ? '?dryRun=All' : ''}`;
      const beganMs = performance.now();
      const { status, body } = await api.ask('POST', path, object);
      created.push({ name: object.metadata.name, status, body: JSON.parse(body), durationMs: performance.now() - beganMs });
    }
  }
  await Promise.all(Array.from({ length: concurrency }, work));
  return created;
}

/** So many pods, alike but for their names. */
export function numbered(count: number, make: (name: string) => KubeObject, prefix: string): KubeObject[] {
  return Array.from({ length: count }, (_, at) => make(`${prefix}-${at}`));
}
