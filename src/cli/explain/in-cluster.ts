import { admit } from '../../inject/admit.ts';
import { SIDECAR } from '../../inject/names.ts';
import { listAt, objectAt, textAt, valueAt } from '../../inject/raw.ts';
import { VERSION } from '../../inject/stamp.ts';
import { type Standing, standingOf } from '../../inject/standing.ts';
import { renderIssue } from '../../lib/issue-text.ts';
import { versionOfImage } from '../check/webhook-deployment.ts';
import { EXIT } from '../exit-codes.ts';
import type { ClusterFlags } from '../flags.ts';
import { InputError, type Io } from '../io.ts';
import { type ClusterReader, type Connect, readFromCluster } from './cluster.ts';
import { type Explanation, explain, isBad } from './explain.ts';
import { renderExplanation } from './render.ts';
import { parseTarget, type Target } from './target.ts';

/** An object of a cluster: what becomes of its like now, and of a pod what it is. */
interface InCluster {
  readonly object: { readonly kind: string; readonly name: string; readonly namespace: string };
  readonly explanation: Explanation;
  readonly problems: readonly string[];
  readonly notes: readonly string[];
  readonly now?: Standing & { readonly sidecar?: string };
}

/** Explains objects of a cluster by what is installed in it; the exit code. @throws InputError */
export async function explainInCluster(flags: ClusterFlags, io: Io, connect: Connect): Promise<number> {
  const targets = flags.names.map((name) => {
    const target = parseTarget(name);
    if (target === undefined) throw new InputError(`${name} is no KIND/NAME: files and objects of a cluster cannot be mixed`);
    return target;
  });
  let all: InCluster[];
  try {
    const { api, namespace } = await connect(flags.context);
    all = await Promise.all(targets.map((target) => explainOne(api, target, flags.namespace ?? namespace, io.nowMs?.() ?? Date.now())));
  } catch (error) {
    // What the API answers is no TypeError: that is a bug of ours, or an object of a shape that no apiserver has.
    if (error instanceof InputError || error instanceof TypeError || !(error instanceof Error)) throw error;
    io.err(`mcp-sluice explain: ${error.message}\n`);
    return EXIT.unavailable;
  }
  io.out(flags.output === 'json' ? `${JSON.stringify(all.map(toJson), null, 2)}\n` : all.map(toText).join('\n'));
  return all.some(({ explanation, now }) => isBad(explanation) || now?.state === 'naked' || now?.state === 'forged') ? EXIT.found : EXIT.ok;
}

async function explainOne(api: ClusterReader, target: Target, namespace: string, nowMs: number): Promise<InCluster> {
  const { object, facts, installation, owner, today, notes: read } = await readFromCluster(api, target, namespace, nowMs);
  const notes = [...read];
  const admitted = admit({ kind: target.kind, operation: 'CREATE', object }, facts);
  const explanation = explain({ kind: target.kind, object, facts, installation, admitted, ...(owner && { owner }) });
  const problems = [
    ...admitted.issues.map((issue) => `error: ${renderIssue(issue)}`),
    ...admitted.cautions.map((caution) => `warning: ${renderIssue(caution)}`),
  ];
  // The webhook that is installed decides what is stale, not this program.
  const version = versionOfImage(facts.image) ?? VERSION;
  if (version !== VERSION) notes.push(`the installation is of version ${version}, and ${VERSION} is what judges here`);
  const standing =
    target.kind === 'Pod' ? standingOf(object, { image: facts.image, allowedImages: facts.allowedImages, version, ...today }) : undefined;
  const sidecar = sidecarState(object);
  const now = standing && { ...standing, ...(sidecar !== undefined && { sidecar }) };
  return { object: { ...target, namespace }, explanation, problems, notes, ...(now && { now }) };
}

/** What the kubelet says of our container. */
function sidecarState(pod: unknown): string | undefined {
  const status = listAt(pod, 'status', 'initContainerStatuses').find((each) => textAt(each, 'name') === SIDECAR);
  if (status === undefined) return undefined;
  const [state] = Object.keys(objectAt(status, 'state'));
  const reason = state === undefined ? '' : textAt(status, 'state', state, 'reason');
  const isReady = valueAt(status, ['ready']) === true;
  return `${state ?? 'unknown'}${reason === '' ? '' : ` (${reason})`}, ${isReady ? 'ready' : 'not ready'}`;
}

function toJson({ explanation, ...rest }: InCluster): object {
  return { ...rest, ...explanation };
}

function toText({ object, explanation, problems, notes, now }: InCluster): string {
  const told =
    now === undefined
      ? []
      : [`now: ${now.state}${now.reason === '' ? '' : `: ${now.reason}`}${now.sidecar === undefined ? '' : `; sidecar ${now.sidecar}`}`];
  return renderExplanation(`${object.kind} ${object.namespace}/${object.name}`, explanation, [...told, ...problems, ...notes]);
}
