import type { Issue } from '../lib/issue.ts';
import { PREFIX } from '../lib/prefix.ts';
import { parseSettings } from '../settings/annotations.ts';
import { inherit } from '../settings/inherit.ts';
import type { Settings } from '../settings/settings.ts';
import { boundNow, placeBindEnv, withdrawBindEnv } from './bind-env.ts';
import type { Plan } from './container.ts';
import type { Edit } from './edit.ts';
import { givenBefore, type IsGiven, placeEntryEnv } from './entry-env.ts';
import type { Facts, Findings, Owner } from './facts.ts';
import { type JudgedPod, judgePod } from './judge-pod.ts';
import { INJECT_KEY, INJECTED_LABEL, STATUS_KEY } from './names.ts';
import { placeContainers } from './place.ts';
import { servingContainers } from './port.ts';
import { placeProbes, probeArguments, restoreProbes } from './probes.ts';
import { placePullSecrets } from './pull-secrets.ts';
import { listAt, type Path, textsAt, valueAt } from './raw.ts';
import { type Additions, addedNow, inheritedNow, readAdditions } from './record.ts';
import { configured, stamp } from './stamp.ts';
import { placeVolumes, volumesFor } from './volumes.ts';

const DEFAULT_GRACE_SECONDS = 30;
// A limit that nobody enforces needs neither Redis nor identity, which the namespace may give: `inject: "false"`, or
// taking `inject` away, must work whatever it has.
const NEEDS_OTHERS = ['LIMIT_WITHOUT_REDIS', 'REDIS_MISSING', 'PER_CLIENT_WITHOUT_IDENTITY'];

/** True where the pod (or template) at the path asks for a sidecar. */
export function wantsSidecar(root: unknown, at: Path): boolean {
  return textsAt(root, ...at, 'metadata', 'annotations')[INJECT_KEY] === 'true';
}

/** Injects into the pod (or template) at the path; where there are issues, nothing is edited. */
export function injectPod(edit: Edit, at: Path, owner: Owner, facts: Facts): Findings {
  const annotations = [...at, 'metadata', 'annotations'];
  const own = textsAt(edit.root, ...annotations);
  const inherited = inherit(own, facts.namespace.annotations, facts.defaults);
  const effective = configured(inherited.annotations);
  const parsed = parseSettings(effective);
  const judged = judgePod(edit.root, at, effective, facts);
  const issues = [...inherited.issues, ...[...parsed.issues, ...judged.issues].map((issue) => withOrigin(issue, own, effective, facts))];
  const cautions = [...inherited.warnings, ...parsed.warnings, ...judged.cautions];
  if (issues.length > 0 || !parsed.settings) return { issues, cautions };

  // Before the edit: afterwards all of it looks like the pod's own.
  const before = readAdditions(own);
  const { server } = judged;
  const spec = [...at, 'spec'];
  const serving = server ? servingContainers(server.ports) : [];
  const bound = { serving, captured: server?.captured.ports ?? [] };
  const additions = {
    inherited: inheritedNow(own, effective, facts),
    env: boundNow(valueAt(edit.root, spec), bound, parsed.settings.bindEnv, before.env),
    pullSecrets: addedNow(listAt(edit.root, ...spec, 'imagePullSecrets'), facts.imagePullSecrets ?? [], before.pullSecrets),
  };
  const isGiven = givenBefore(valueAt(edit.root, spec), before.entryEnv);
  withdrawBindEnv(edit, spec, bound, parsed.settings.bindEnv, before.env);
  const probes = server ? probeArguments(valueAt(edit.root, spec), server.captured) : [];
  if (server) placeProbes(edit, spec, server.captured);
  // A pod that had a server before: of what nobody captures any more the app is asked itself.
  else restoreProbes(edit, spec);
  const plan = { ...planOf(edit.root, at, owner, facts, parsed.settings, server), probes };
  const record = { ...additions, entryEnv: place(edit, at, parsed.settings, serving, plan, isGiven) };
  placePullSecrets(edit, spec, facts.imagePullSecrets ?? []);
  for (const [key, value] of Object.entries(effective)) edit.set([...annotations, key], value);
  edit.set([...annotations, STATUS_KEY], stamp(effective, record));
  edit.set([...at, 'metadata', 'labels', INJECTED_LABEL], 'true');
  return { issues, cautions };
}

/** Whoever reads of a mistake has to find the value, which an inherited setting has somewhere else. */
function withOrigin(issue: Issue, own: Readonly<Record<string, string>>, effective: Readonly<Record<string, string>>, facts: Facts): Issue {
  const key = `${PREFIX}${issue.path[0]}`;
  if (Object.hasOwn(own, key) || !Object.hasOwn(effective, key)) return issue;
  const { name, annotations } = facts.namespace;
  const origin = annotations[key] === effective[key] ? `annotated on the namespace ${name}` : "the webhook's default";
  return { ...issue, message: `${issue.message} (${origin}, not set here)` };
}

/** Judges annotations of a pod (or template) that gets no sidecar: mistakes in them are denied all the same. */
export function judgeUninjected(annotations: Readonly<Record<string, string>>): Findings {
  const parsed = parseSettings(configured(annotations));
  return { issues: parsed.issues.filter((issue: Issue) => !NEEDS_OTHERS.includes(issue.code)), cautions: parsed.warnings };
}

/** Edits the pod; the record of the variables of entries. */
function place(
  edit: Edit,
  at: Path,
  settings: Settings,
  serving: ReturnType<typeof servingContainers>,
  plan: Omit<Plan, 'mounts'>,
  isGiven: IsGiven,
): Additions['entryEnv'] {
  const spec = [...at, 'spec'];
  const volumes = volumesFor(settings);
  placeVolumes(edit, spec, volumes);
  placeBindEnv(edit, spec, serving, settings.bindEnv);
  const entryEnv = placeEntryEnv(edit, spec, settings.remoteEntries, isGiven);
  // Last: it moves the init containers, and with them the place of an app that is one.
  placeContainers(edit, spec, { ...plan, mounts: volumes.map(({ mount }) => mount) });
  return entryEnv;
}

function planOf(
  root: unknown,
  at: Path,
  owner: Owner,
  facts: Facts,
  settings: Settings,
  server: JudgedPod['server'],
): Omit<Plan, 'mounts' | 'probes'> {
  const grace = valueAt(root, [...at, 'spec', 'terminationGracePeriodSeconds']);
  return {
    image: facts.image,
    ...(server && { server: { capture: server.capture, ports: server.captured.ports } }),
    hasEntries: settings.remoteEntries.length > 0,
    owner: `${facts.namespace.name}/${owner.kind}/${owner.name}`,
    graceSeconds: Number.isSafeInteger(grace) && Number(grace) >= 0 ? Number(grace) : DEFAULT_GRACE_SECONDS,
    redis: settings.redis,
    identity: settings.identity,
    resources: settings.sidecarResources,
  };
}

/** True where any annotation of ours stands at the path. */
export function hasOurAnnotations(root: unknown, at: Path): boolean {
  return Object.keys(configured(textsAt(root, ...at, 'metadata', 'annotations'))).length > 0;
}
