import fc from 'fast-check';
import { PREFIX } from '../../src/lib/prefix.ts';
import { KEYS } from '../../src/settings/table.ts';
import { readGoldens } from '../unit/inject/golden-file.ts';

const GROUPS: ReadonlyMap<string, string> = new Map([
  ['Pod', ''],
  ['Job', 'batch'],
  ['CronJob', 'batch'],
]);
const KINDS = ['Pod', 'Deployment', 'StatefulSet', 'DaemonSet', 'ReplicaSet', 'Job', 'CronJob'];

/** The API group of a kind of ours. */
export const groupOf = (kind: string): string => GROUPS.get(kind) ?? 'apps';

/** Something that somebody does to an object: the value, anywhere in it, in place of another. */
interface Blow {
  readonly at: number;
  readonly value: unknown;
}

/** A value that could stand where Kubernetes has one of another type, or a wrong one of this type. */
const value = fc.oneof(
  fc.jsonValue({ maxDepth: 2 }),
  fc.constantFrom<unknown>(null, '', 'mcp-sluice', 'true', 'Always', 3000, -1, 0.5, [], {}, [null], 'x'.repeat(5000), '\u0000\ud800'),
  fc.constantFrom('containerPort', 'name', 'tcpSocket').map((key) => ({ [key]: 3000 })),
);
const blow: fc.Arbitrary<Blow> = fc.record({ at: fc.nat(), value });

function strike(object: unknown, { at, value: given }: Blow): unknown {
  const places: [Record<string, unknown>, string][] = [];
  const walk = (node: unknown): void => {
    if (typeof node !== 'object' || node === null) return;
    for (const key of Object.keys(node)) {
      places.push([node as Record<string, unknown>, key]);
      walk((node as Record<string, unknown>)[key]);
    }
  };
  const copy = structuredClone(object);
  walk(copy);
  const place = places[at % Math.max(places.length, 1)];
  if (place) place[0][place[1]] = structuredClone(given);
  return copy;
}

const goldens = readGoldens().map(({ input }) => input);
const annotations = fc.dictionary(
  fc.constantFrom(...KEYS, 'status', 'propagated', 'Inject', '__proto__').map((key) => PREFIX + key),
  fc.oneof(fc.constantFrom('true', 'false', '3000', '{}', 'shared: 1/1m', '[', '&a *a'), fc.string()),
);

/** The object as it may look after some blows, now and then with other annotations. */
function battered(object: unknown): fc.Arbitrary<unknown> {
  const others = fc.option(annotations, { freq: 4 });
  return fc.tuple(fc.array(blow, { maxLength: 3 }), others).map(([blows, more]) => {
    const result = blows.reduce(strike, object) as { metadata?: unknown };
    if (more && typeof result?.metadata === 'object') result.metadata = { ...result.metadata, annotations: more };
    return result;
  });
}

const ofGolden = fc.constantFrom(...goldens).chain(({ kind, operation, object, oldObject = object }) =>
  fc.record({
    kind: fc.oneof({ weight: 9, arbitrary: fc.constant(kind) }, { weight: 1, arbitrary: fc.constantFrom(...KINDS, 'constructor') }),
    operation: fc.oneof({ weight: 5, arbitrary: fc.constant(operation) }, { weight: 1, arbitrary: fc.constant('UPDATE') }),
    object: battered(object),
    oldObject: fc.option(battered(oldObject)),
  }),
);
const ofNothing = fc.record({
  kind: fc.constantFrom(...KINDS, 'Service'),
  operation: fc.constantFrom('CREATE', 'UPDATE', 'DELETE', 'CONNECT'),
  object: fc.dictionary(fc.string(), fc.jsonValue()),
  oldObject: fc.option(fc.dictionary(fc.string(), fc.jsonValue())),
});
const around = fc.record(
  {
    uid: fc.string({ minLength: 1, maxLength: 40 }),
    namespace: fc.constant('shop'),
    subResource: fc.constantFrom('', '', '', 'status', 'ephemeralcontainers'),
    name: fc.string(),
    dryRun: fc.boolean(),
    extra: fc.jsonValue(),
  },
  { requiredKeys: ['uid', 'namespace'] },
);

/** Requests as apiservers send them, about objects that no apiserver would. */
export const anyRequest = fc
  .tuple(fc.oneof({ weight: 9, arbitrary: ofGolden }, { weight: 1, arbitrary: ofNothing }), around)
  // What an apiserver sends holds no other values than JSON has.
  .map(([{ kind, ...about }, rest]) => ({ ...rest, ...throughJson(about), kind: { group: groupOf(kind), version: 'v1', kind } }));

const throughJson = <T>(of: T): T => JSON.parse(JSON.stringify(of)) as T;

export const asReview = (request: object) => ({ apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview', request });
