import { readFileSync } from 'node:fs';
import { parseAllDocuments } from 'yaml';
import { PREFIX } from '../../lib/prefix.ts';
import type { KubernetesObject } from './admission.ts';

/** The Deployment of a manifest, as the apiserver would pass it on. */
export function readDeployment(file: string): KubernetesObject {
  const objects = parseAllDocuments(readFileSync(file, 'utf8')).map((document) => document.toJS() as KubernetesObject);
  const deployment = objects.find(({ kind }) => kind === 'Deployment');
  if (deployment === undefined) throw new Error(`${file} has no Deployment.`);
  return { ...deployment, metadata: { ...deployment.metadata, namespace: 'default' } };
}

/** The pod that the Deployment's ReplicaSet would create. */
export function podOf(deployment: KubernetesObject): KubernetesObject {
  const { template } = deployment['spec'] as { template: { metadata: Record<string, unknown>; spec: unknown } };
  const name = deployment.metadata.name ?? 'app';
  const hash = '6d4cf56db6';
  const labels = { ...(template.metadata['labels'] as Record<string, string>), 'pod-template-hash': hash };
  const owner = { apiVersion: 'apps/v1', kind: 'ReplicaSet', name: `${name}-${hash}`, uid: crypto.randomUUID(), controller: true };
  const metadata = { ...template.metadata, labels, generateName: `${name}-${hash}-`, namespace: 'default', ownerReferences: [owner] };
  return { apiVersion: 'v1', kind: 'Pod', metadata, spec: template.spec };
}

/** The same Deployment without one of our annotations. */
export function without(deployment: KubernetesObject, key: string): KubernetesObject {
  const annotations = { ...deployment.metadata.annotations };
  delete annotations[PREFIX + key];
  return { ...deployment, metadata: { ...deployment.metadata, annotations } };
}

/** An argument that the webhook gave the injected sidecar: `--owner=default/Deployment/everything`. */
export function injectedArgument(pod: KubernetesObject, option: string): string {
  const { initContainers = [] } = pod['spec'] as { initContainers?: { name: string; args?: string[] }[] };
  const args = initContainers.find(({ name }) => name === 'mcp-sluice')?.args ?? [];
  const found = args.find((argument) => argument.startsWith(`--${option}=`));
  if (found === undefined) throw new Error(`The webhook injected no --${option}.`);
  return found.slice(option.length + 3);
}
