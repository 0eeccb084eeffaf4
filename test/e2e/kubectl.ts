import { type Ran, type RunOptions, run, tryRun } from './run.ts';

/** A Kubernetes object as it is written; the tests read loosely and assert what they need. */
// biome-ignore lint/suspicious/noExplicitAny: objects of every kind are read by path
export type KubeObject = any;

/** kubectl against the cluster of `KUBECONFIG`, which setup and runner set; rejects with the server's words. */
export function kubectl(args: readonly string[], options?: RunOptions): Promise<string> {
  return run('kubectl', args, options);
}

/** The same where a refusal is what the test is about. */
export function tryKubectl(args: readonly string[], options?: RunOptions): Promise<Ran> {
  return tryRun('kubectl', args, options);
}

export async function getObject(args: readonly string[]): Promise<KubeObject> {
  return JSON.parse(await kubectl(['get', ...args, '-o', 'json'])) as KubeObject;
}

/** The objects of a list, empty where there are none. */
export async function listObjects(args: readonly string[]): Promise<KubeObject[]> {
  return (await getObject(args)).items as KubeObject[];
}

/** Applies objects in one call; the server's answer, with its warnings in `stderr`. */
export function tryApply(...objects: readonly object[]): Promise<Ran> {
  return tryKubectl(['apply', '-f', '-'], { input: manifest(objects) });
}

export async function apply(...objects: readonly object[]): Promise<Ran> {
  const applied = await tryApply(...objects);
  if (applied.code !== 0) throw new Error(`kubectl apply was refused: ${applied.stderr}\n${manifest(objects)}`);
  return applied;
}

function manifest(objects: readonly object[]): string {
  return JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects }, null, 1);
}
