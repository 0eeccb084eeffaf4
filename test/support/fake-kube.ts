import { CONFLICT, type KubeApi, KubeError, type KubeObject, type Written } from '../../webhook/kube-api.ts';

export interface FakeKube extends KubeApi {
  readonly objects: Map<string, KubeObject>;
  /** Every call, as `GET /api/…`. */
  readonly calls: string[];
  put(path: string, object: KubeObject): void;
  /** From now on every call fails, until undefined is given. */
  fail(error: KubeError | undefined): void;
  /** From now on the apiserver's clock is that much ahead of ours. */
  skew(ms: number): void;
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
  let skewMs = 0;

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
    skew(ms) {
      skewMs = ms;
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
    apply: (path, object) =>
      answer(`PATCH ${path}`, (): Written => {
        const there = objects.get(path);
        const { resourceVersion } = object.metadata ?? {};
        if (there === undefined || (resourceVersion !== undefined && resourceVersion !== there.metadata?.resourceVersion)) return CONFLICT;
        return put(path, mergeApplied(there, object) as KubeObject);
      }),
    remove: (path) => answer(`DELETE ${path}`, () => objects.delete(path)),
    list: (path, { limit, from = '0', labelSelector }) =>
      answer(`GET ${path}`, () => {
        const pattern = new RegExp(`^${path.replace(/^(.*)\/([a-z]+)$/, '$1(/namespaces/[^/]+)?/$2')}/[^/]+$`);
        const all = [...objects]
          .filter(([at, object]) => pattern.test(at) && isSelected(object, labelSelector))
          .map(([, object]) => object);
        const end = Number(from) + limit;
        return { items: structuredClone(all.slice(Number(from), end)), ...(all.length > end && { next: `${end}` }) };
      }),
    skewMs: () => skewMs,
  };
}

/** As server-side apply merges: maps by key, lists of named things by name; an entry that is new would lack required fields. */
function mergeApplied(there: unknown, applied: unknown): unknown {
  if (Array.isArray(applied) && Array.isArray(there)) {
    const names = new Set(applied.map((each: { name: string }) => each.name));
    const missing = [...names].filter((name) => !there.some((each: { name: string }) => each.name === name));
    if (missing.length > 0) throw new KubeError(422, `${missing}: Required value`);
    return there.map((each: { name: string }) =>
      mergeApplied(
        each,
        applied.find(({ name }: { name: string }) => name === each.name),
      ),
    );
  }
  if (applied === undefined || typeof applied !== 'object' || applied === null) return applied === undefined ? there : applied;
  const merged: Record<string, unknown> = { ...(there as object) };
  for (const [key, value] of Object.entries(applied)) merged[key] = mergeApplied(merged[key], value);
  return merged;
}

/** `key`, `!key` and `key=value`, with commas between. */
function isSelected({ metadata }: KubeObject, selector = ''): boolean {
  return selector
    .split(',')
    .filter((term) => term !== '')
    .every((term) => {
      const [key = '', value] = term.replace(/^!/, '').split('=');
      const found = metadata?.labels?.[key];
      return term.startsWith('!') ? found === undefined : value === undefined ? found !== undefined : found === value;
    });
}
