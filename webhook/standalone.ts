import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { createAuthorities } from './authorities.ts';
import { issueLeaf, type KeyPair } from './certificate.ts';
import { type ConfigMapFound, dataOfConfigMap, type FactsSource } from './facts.ts';
import type { KubeObject } from './kube-api.ts';

/** Nobody renews it while it runs. */
const LIFETIME_MS = 365 * 24 * 3_600_000;

/** Makes a certificate for the names and leaves its CA in `ca.crt` for clients to trust. The keys stay in memory. */
export async function createLocalCertificate(directory: string, names: readonly [string, ...string[]], nowMs: number): Promise<KeyPair> {
  const { signer, bundle } = await createAuthorities(nowMs);
  mkdirSync(directory, { recursive: true });
  const file = join(directory, 'ca.crt');
  writeFileSync(file, bundle);
  chmodSync(file, 0o644);
  return await issueLeaf(signer, names, nowMs, LIFETIME_MS);
}

/**
 * Namespaces and ConfigMaps from a YAML file; any other namespace exists without labels or annotations.
 *
 * @throws when the file cannot be read or is not YAML.
 */
export function createFileFacts(file: string | undefined): FactsSource {
  const objects = file === undefined ? [] : readObjects(file);
  const find = (kind: string, name: string, namespace?: string) =>
    objects.find(
      (each) =>
        each['kind'] === kind &&
        each.metadata?.name === name &&
        (namespace === undefined || (each.metadata.namespace ?? 'default') === namespace),
    );
  return {
    async namespace(name) {
      const found = find('Namespace', name);
      return { name, labels: found?.metadata?.labels ?? {}, annotations: found?.metadata?.annotations ?? {} };
    },
    async configMap(namespace, name): Promise<ConfigMapFound> {
      const found = find('ConfigMap', name, namespace);
      // Without a file nothing is known; with one, what it does not list is not there.
      if (found === undefined) return file === undefined ? 'unknown' : 'missing';
      return dataOfConfigMap(found);
    },
    async ownerOfJob() {
      return undefined;
    },
  };
}

function readObjects(file: string): KubeObject[] {
  return parseAllDocuments(readFileSync(file, 'utf8')).flatMap((document) => {
    const [error] = document.errors;
    if (error) throw new Error(`${file}: ${error.message}`);
    const value = document.toJS() as (KubeObject & { items?: KubeObject[] }) | null;
    return value === null ? [] : (value.items ?? [value]);
  });
}
