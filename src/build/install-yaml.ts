import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parse } from 'yaml';

/**
 * Writes manifests/install.yaml: the files of manifests/kustomization.yaml and
 * of the directories that it names, one after the other. That is all that
 * `kubectl kustomize` would do, as long as a kustomization has no other feature;
 * one that has is refused here. With --check it writes nothing and fails where
 * the file is not in step.
 */
const ALLOWED_FIELDS = ['apiVersion', 'kind', 'resources'];
const HEAD = '# Made of manifests/kustomization.yaml by `npm run generate`: do not edit.\n# kubectl apply -f install.yaml\n';

/** The text of install.yaml. @throws when the kustomization does more than list files. */
export function renderInstall(directory: string): string {
  const files = filesOf(directory).map((file) => readFileSync(file, 'utf8').trim());
  return `${HEAD}---\n${files.join('\n---\n')}\n`;
}

function filesOf(directory: string): string[] {
  const kustomization = parse(readFileSync(join(directory, 'kustomization.yaml'), 'utf8')) as { resources: string[] };
  const others = Object.keys(kustomization).filter((field) => !ALLOWED_FIELDS.includes(field));
  if (others.length > 0) throw new Error(`kustomization.yaml: ${others.join(', ')} cannot be had by putting files together`);
  return kustomization.resources.flatMap((each) => (each.endsWith('.yaml') ? [join(directory, each)] : filesOf(join(directory, each))));
}

function main(): void {
  const directory = resolve(import.meta.dirname, '../../manifests');
  const file = join(directory, 'install.yaml');
  const wanted = renderInstall(directory);
  const isInStep = existsSync(file) && readFileSync(file, 'utf8') === wanted;
  if (isInStep) return;
  if (process.argv.includes('--check')) {
    console.error("manifests/install.yaml is not in step with manifests/kustomization.yaml: run 'npm run generate'");
    process.exitCode = 1;
    return;
  }
  writeFileSync(file, wanted);
  console.log('wrote manifests/install.yaml');
}

if (import.meta.main) main();
