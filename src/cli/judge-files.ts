import { admit } from '../inject/admit.ts';
import type { Admitted, ConfigMapLookup, Facts } from '../inject/facts.ts';
import { objectAt, type Path, textAt, textsAt, valueAt } from '../inject/raw.ts';
import { TEMPLATES } from '../inject/workload.ts';
import type { Issue } from '../lib/issue.ts';
import { PREFIX } from '../lib/prefix.ts';
import type { Flags } from './flags.ts';
import type { Io } from './io.ts';
import type { Manifest, ManifestFile } from './manifest.ts';
import { readSource, readSources } from './sources.ts';

export interface JudgedObject {
  readonly file: ManifestFile;
  readonly manifest: Manifest;
  readonly path: Path;
  readonly object: unknown;
  readonly facts: KnownFacts;
  readonly admitted: Admitted;
}

export interface KnownFacts extends Facts {
  /** Labels and annotations of the namespace are known, and not only its name. */
  readonly isNamespaceKnown: boolean;
}

export interface JudgedFiles {
  readonly files: readonly ManifestFile[];
  readonly objects: readonly JudgedObject[];
}

/** Reads the files and judges every object in them, as the webhook would on `kubectl apply`. */
export async function judgeFiles(flags: Flags, io: Io): Promise<JudgedFiles> {
  const files = await readSources(flags, io);
  const extra = flags.namespaceFile === undefined ? [] : [await readSource(flags.namespaceFile, io)];
  const known = [...extra, ...files].flatMap((file) => file.manifests.flatMap((manifest) => manifest.objects.map(({ object }) => object)));
  const factsOf = createFacts(flags, known, io.nowMs?.() ?? Date.now());
  const objects = files.flatMap((file) =>
    file.manifests.flatMap((manifest) =>
      manifest.objects.map(({ path, object }) => {
        const facts = factsOf(object);
        return { file, manifest, path, object, facts, admitted: judge(object, facts) };
      }),
    ),
  );
  return { files, objects };
}

function createFacts(flags: Flags, known: readonly unknown[], nowMs: number): (object: unknown) => KnownFacts {
  const ofKind = (kind: string) => known.filter((each) => textAt(each, 'kind') === kind);
  const spaces = ofKind('Namespace');
  const fallback = flags.namespace ?? ((flags.namespaceFile === undefined ? '' : textAt(spaces[0], 'metadata', 'name')) || 'default');
  const namespaceOf = (object: unknown) => textAt(object, 'metadata', 'namespace') || fallback;
  // Looked up once for each of what may be thousands of objects.
  const namespaces = firstBy(spaces, (each) => textAt(each, 'metadata', 'name'));
  const configMaps = firstBy(ofKind('ConfigMap'), (each) => `${namespaceOf(each)}/${textAt(each, 'metadata', 'name')}`);
  return (object) => {
    const name = namespaceOf(object);
    const namespace = namespaces.get(name);
    const level = flags.podSecurity === undefined ? {} : { 'pod-security.kubernetes.io/enforce': flags.podSecurity };
    const configMap: ConfigMapLookup = (wanted) => {
      const found = configMaps.get(`${name}/${wanted}`);
      return found === undefined ? 'unknown' : textsAt(found, 'data');
    };
    return {
      image: flags.image,
      allowedImages: [flags.image],
      namespace: {
        name,
        annotations: textsAt(namespace, 'metadata', 'annotations'),
        labels: { ...textsAt(namespace, 'metadata', 'labels'), ...level },
      },
      defaults: flags.defaults,
      configMap,
      isStaticPod: flags.isStaticPod,
      nowMs,
      isNamespaceKnown: namespace !== undefined,
    };
  };
}

/** Of objects that are there twice the first counts. */
function firstBy(objects: readonly unknown[], keyOf: (object: unknown) => string): ReadonlyMap<string, unknown> {
  return new Map(objects.toReversed().map((each) => [keyOf(each), each]));
}

function judge(object: unknown, facts: KnownFacts): Admitted {
  const kind = kindOf(object);
  const template = TEMPLATES.get(kind);
  const places = kind === 'Pod' ? [[]] : template ? [[], template] : [];
  const unquoted = places.flatMap((place) => unquotedIssues(object, place));
  const admitted = admit({ kind, operation: 'CREATE', object: quoted(object, places) }, facts, 'templates');
  const issues = [...unquoted, ...admitted.issues].map((issue) =>
    facts.isNamespaceKnown ? issue : mentionNamespace(issue, facts.namespace.name),
  );
  return unquoted.length > 0 ? { ...admitted, allowed: false, outcome: 'denied', patch: [], issues } : { ...admitted, issues };
}

/** The kind; `''` in other groups, which have kinds of the same name that the webhook is not asked about. */
export function kindOf(object: unknown): string {
  const [group] = textAt(object, 'apiVersion').split('/');
  return ['v1', 'apps', 'batch', ''].includes(group ?? '') ? textAt(object, 'kind') : '';
}

/** `inject: true` is no annotation: the apiserver wants text, and would not even ask the webhook. */
function unquotedIssues(object: unknown, at: Path): Issue[] {
  return Object.entries(objectAt(object, ...at, 'metadata', 'annotations'))
    .filter(([key, value]) => key.startsWith(PREFIX) && typeof value !== 'string')
    .map(([key, value]) => ({
      code: 'WRONG_TYPE',
      path: [key.slice(PREFIX.length)],
      message: `${JSON.stringify(value)} is no text, as every annotation has to be: write it in quotes`,
    }));
}

/** The object with its annotations as text, so that one value without quotes hides no other error. */
function quoted(object: unknown, places: readonly Path[]): unknown {
  const copy = structuredClone(object);
  for (const place of places) {
    const annotations = valueAt(copy, [...place, 'metadata', 'annotations']) as Record<string, unknown> | undefined;
    for (const [key, value] of Object.entries(annotations ?? {})) {
      if (annotations && key.startsWith(PREFIX) && (typeof value === 'number' || typeof value === 'boolean'))
        annotations[key] = String(value);
    }
  }
  return copy;
}

function mentionNamespace(issue: Issue, name: string): Issue {
  if (issue.code !== 'LIMIT_WITHOUT_REDIS') return issue;
  return { ...issue, message: `${issue.message} (what the namespace ${name} has is not known here: --namespace-file tells)` };
}
