import { readFileSync, writeFileSync } from 'node:fs';
import { parseAllDocuments } from 'yaml';
import { renderJsonSchema } from '../settings/json-schema.ts';
import { renderAnnotationTable, renderSettingsPage } from '../settings/render-docs.ts';

/**
 * Writes what is derived from the table of settings and from the manifests. With --check it writes
 * nothing and fails where a file is not in step.
 */
const root = new URL('../../', import.meta.url);
const BEGIN = '<!-- settings:begin -->';
const END = '<!-- settings:end -->';

function readText(file: string): string | undefined {
  try {
    return readFileSync(new URL(file, root), 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}

/** The README with the table between its markers; as it is where it has none. */
function renderReadme(readme: string): string {
  const begin = readme.indexOf(BEGIN);
  const end = readme.indexOf(END);
  if (begin === -1 || end < begin) return readme;
  return `${readme.slice(0, begin + BEGIN.length)}\n${renderAnnotationTable()}${readme.slice(end)}`;
}

const generated: [string, string][] = [
  ['docs/settings.md', renderSettingsPage()],
  ['docs/settings.schema.json', renderJsonSchema()],
];
// What `mcp-sluice explain` evaluates where it has no cluster to ask, and what `mcp-sluice check` compares a cluster with.
const objectsIn = (...files: string[]) =>
  files.flatMap((name) =>
    parseAllDocuments(readText(`manifests/${name}.yaml`) ?? '').map(
      (document) => document.toJS() as { kind: string; metadata: { name: string } },
    ),
  );
const base = ['webhook', 'policy-pods', 'policy-images', 'policy-workloads', 'images', 'rbac', 'rbac-report'];
const installed = objectsIn(...base.map((name) => `base/${name}`));
const isRole = ({ kind }: { kind: string }) => kind === 'Role' || kind === 'ClusterRole';
const roles = installed.filter(isRole);
const ofOverlay = objectsIn('overlays/cert-manager/rights').filter(isRole);
const installation = {
  webhooks: installed.filter(({ kind }) => kind === 'MutatingWebhookConfiguration'),
  policies: installed.filter(({ kind }) => kind === 'ValidatingAdmissionPolicy'),
  bindings: installed.filter(({ kind }) => kind === 'ValidatingAdmissionPolicyBinding'),
  parameters: installed.filter(({ kind }) => kind === 'ConfigMap'),
  roles,
  // Where cert-manager makes the certificate, the overlay gives these instead of those of the same name.
  rolesWithMountedCertificate: roles.map(
    (role) => ofOverlay.find((each) => each.kind === role.kind && each.metadata.name === role.metadata.name) ?? role,
  ),
};
generated.push(['src/cli/explain/installation.json', `${JSON.stringify(installation, null, 2)}\n`]);
const readme = readText('README.md');
if (readme !== undefined) generated.push(['README.md', renderReadme(readme)]);

const stale = generated.filter(([file, text]) => readText(file) !== text);
if (process.argv.includes('--check')) {
  for (const [file] of stale) console.error(`${file} is not in step with src/settings/table.ts or manifests/: run 'npm run generate'`);
  process.exitCode = stale.length > 0 ? 1 : 0;
} else {
  for (const [file, text] of stale) {
    writeFileSync(new URL(file, root), text);
    console.log(`wrote ${file}`);
  }
}
