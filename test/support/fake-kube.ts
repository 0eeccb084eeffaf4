import { isDeepStrictEqual } from 'node:util';
import { CONFLICT, type KubeApi, KubeError, type KubeObject, type Written } from '../../webhook/kube-api.ts';

export interface FakeKube extends KubeApi {
  readonly objects: Map<string, KubeObject>;
  /** Every call, as `GET /api/…`. */
  readonly calls: string[];
  put(path: string, object: KubeObject): void;
  /** From now on every call fails, until undefined is given. */
  fail(error: KubeError | undefined): void;
  /** Runs once, just before the next write: somebody else who is faster. */
  beforeNextWrite(act: () => void): void;
}

/** The apiserver's word on who is first: objects by path, with versions, no validation. */
export function createFakeKube(): FakeKube {
  const objects = new Map<string, KubeObject>();
  const calls: string[] = [];
  let version = 0;
  let failure: KubeError | undefined;
  let interloper: (() => void) | undefined;

  function put(path: string, object: KubeObject): KubeObject {
    const stored = structuredClone({ ...object, metadata: { ...object.metadata, resourceVersion: `${++version}` } });
    objects.set(path, stored);
    return structuredClone(stored);
  }
  async function answer<T>(call: string, give: () => T): Promise<T> {
    calls.push(call);
    if (failure) throw failure;
    if (!call.startsWith('GET')) {
      const act = interloper;
      interloper = undefined;
      act?.();
    }
    return give();
  }

  return {
    objects,
    calls,
    put: (path, object) => void put(path, object),
    fail(error) {
      failure = error;
    },
    beforeNextWrite(act) {
      interloper = act;
    },
    read: (path) => answer(`GET ${path}`, () => structuredClone(objects.get(path))),
    create: (collection, object) =>
      answer(`POST ${collection}`, (): Written => {
        const path = `${collection}/${object.metadata?.name}`;
        return objects.has(path) ? CONFLICT : put(path, object);
      }),
    replace: (path, object) =>
      answer(`PUT ${path}`, (): Written => {
        const there = objects.get(path);
        return there?.metadata?.resourceVersion === object.metadata?.resourceVersion && there ? put(path, object) : CONFLICT;
      }),
    patch: (path, operations) =>
      answer(`PATCH ${path}`, (): Written => {
        const copy = structuredClone(objects.get(path));
        if (copy === undefined) return CONFLICT;
        for (const { op, path: pointer, value } of operations) {
          const keys = pointer.split('/').slice(1);
          const last = keys.pop() ?? '';
          // biome-ignore lint/suspicious/noExplicitAny: JSON of any shape
          const parent = keys.reduce((at: any, key) => at?.[key], copy);
          if (op === 'test' && !isDeepStrictEqual(parent?.[last], value)) return CONFLICT;
          if (op === 'add') {
            if (parent === undefined) throw new KubeError(422, `no ${pointer}`);
            parent[last] = value;
          }
        }
        return put(path, copy);
      }),
  };
}
