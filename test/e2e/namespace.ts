import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, inject } from 'vitest';
import { dumpState } from './dump.ts';
import { apply, kubectl } from './kubectl.ts';

export interface NamespaceOptions {
  /** Pod Security level that is enforced; none unless given. */
  readonly enforce?: 'baseline' | 'restricted';
  readonly annotations?: Readonly<Record<string, string>>;
}

/** Namespaces of one file: made before its tests, removed afterwards, dumped when a test fails. */
export function useNamespaces(namespaces: Readonly<Record<string, NamespaceOptions>>): void {
  const names = Object.keys(namespaces);
  beforeAll(async () => {
    process.env['KUBECONFIG'] = inject('kubeconfig');
    await kubectl(['delete', 'namespace', ...names, '--ignore-not-found'], { timeoutMs: 120_000 });
    await apply(...Object.entries(namespaces).map(([name, options]) => namespaceObject(name, options)));
  });
  let isFailed = false;
  afterEach(async ({ task }) => {
    if (task.result?.state !== 'fail') return;
    isFailed = true;
    const title = task.name.replaceAll(/[^\w]+/g, '-').slice(0, 100);
    await dumpState(join(inject('results'), `${names[0]}-${title}`), names);
  });
  afterAll(async () => {
    // With --keep, what failed stays to be looked at; all of it together would not fit on the node.
    if (isFailed && process.env['E2E_KEEP'] === '1') return;
    // Not waited for: pods may take their grace period while the next file begins.
    await kubectl(['delete', 'namespace', ...names, '--ignore-not-found', '--wait=false']);
  });
}

function namespaceObject(name: string, options: NamespaceOptions): object {
  const labels = options.enforce === undefined ? {} : { 'pod-security.kubernetes.io/enforce': options.enforce };
  return { apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels, annotations: options.annotations ?? {} } };
}
