import { readFileSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';

/**
 * Cuts out of Kubernetes' own OpenAPI document (api/openapi-spec/swagger.json of a release, Apache-2.0) what our
 * manifests and injected pods are made of, without its prose:
 *
 *   node src/build/kubernetes-schemas.ts RELEASE SWAGGER.JSON
 *
 * To be run where a newer release is to be checked against; the tests read the result.
 */
const KINDS = [
  ...['Namespace', 'ServiceAccount', 'ConfigMap', 'Secret', 'Service', 'Pod'].map((kind) => `api.core.v1.${kind}`),
  ...['Deployment', 'ReplicaSet', 'StatefulSet', 'DaemonSet'].map((kind) => `api.apps.v1.${kind}`),
  ...['Job', 'CronJob'].map((kind) => `api.batch.v1.${kind}`),
  ...['Role', 'RoleBinding', 'ClusterRole', 'ClusterRoleBinding'].map((kind) => `api.rbac.v1.${kind}`),
  ...['MutatingWebhookConfiguration', 'ValidatingAdmissionPolicy', 'ValidatingAdmissionPolicyBinding'].map(
    (kind) => `api.admissionregistration.v1.${kind}`,
  ),
  'api.policy.v1.PodDisruptionBudget',
  'api.networking.v1.NetworkPolicy',
  'api.events.v1.Event',
].map((name) => `io.k8s.${name}`);
const GROUP_VERSION_KIND = 'x-kubernetes-group-version-kind';
const KEPT = ['$ref', 'type', 'format', 'properties', 'required', 'items', 'additionalProperties', GROUP_VERSION_KIND];
const REFERENCE = '#/definitions/';

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/** What is needed of one schema; names of properties are kept, whatever they are. */
function cut(schema: Json, isMapOfSchemas = false): Json {
  if (Array.isArray(schema)) return schema.map((each) => cut(each));
  if (typeof schema !== 'object' || schema === null) return schema;
  const entries = Object.entries(schema).filter(([key]) => isMapOfSchemas || KEPT.includes(key));
  return Object.fromEntries(
    entries.map(([key, value]) => [key, key === GROUP_VERSION_KIND ? value : cut(value, !isMapOfSchemas && key === 'properties')]),
  );
}

function referencesOf(schema: Json): string[] {
  if (typeof schema !== 'object' || schema === null) return [];
  const own = !Array.isArray(schema) && typeof schema['$ref'] === 'string' ? [schema['$ref'].slice(REFERENCE.length)] : [];
  return [...own, ...Object.values(schema).flatMap(referencesOf)];
}

function main(): void {
  const [release, source] = process.argv.slice(2);
  if (release === undefined || source === undefined) throw new Error('which release, and which swagger.json?');
  const { definitions } = JSON.parse(readFileSync(source, 'utf8')) as { definitions: Record<string, Json> };
  const kept: Record<string, Json> = {};
  const open = [...KINDS];
  for (let name = open.pop(); name !== undefined; name = open.pop()) {
    const schema = definitions[name];
    if (schema === undefined) throw new Error(`${source} has no ${name}`);
    if (name in kept) continue;
    const needed = cut(schema);
    kept[name] = needed;
    open.push(...referencesOf(needed));
  }
  const file = resolve(import.meta.dirname, '../../test/schemas/kubernetes.json');
  // A line for each definition, so that a difference can be read.
  const lines = Object.entries(kept)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, schema]) => `${JSON.stringify(name)}: ${JSON.stringify(schema)}`);
  writeFileSync(file, `{"release": ${JSON.stringify(release)}, "definitions": {\n${lines.join(',\n')}\n}}\n`);
  console.log(`wrote ${file}: ${lines.length} definitions of ${release}`);
}

main();
