import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { withImages } from '../e2e/image-lock.ts';
import { BASES } from '../e2e/images.ts';
import { loadImages } from '../e2e/kind.ts';
import { run, tryRun } from '../e2e/run.ts';
import { PREVIOUS } from './previous-version.ts';

const ROOT = join(import.meta.dirname, '../..');
export const PREVIOUS_IMAGE = 'mcp-sluice.test/mcp-sluice:previous';

export interface Previous {
  /** For `kubectl apply -k`: its own manifests with its own image. */
  readonly manifests: string;
  remove(): void;
}

/** The release before this one, built by its own scripts from its own sources, with its image in the cluster. */
export async function buildPrevious(cluster: string): Promise<Previous> {
  const tree = mkdtempSync(join(tmpdir(), 'mcp-sluice-previous-'));
  const remove = (): void => rmSync(tree, { recursive: true, force: true });
  try {
    await unpack(await findCommit(), tree);
    await provideModules(tree);
    await build(tree, cluster);
    return { manifests: writeOverlay(tree), remove };
  } catch (error) {
    remove();
    throw error;
  }
}

async function findCommit(): Promise<string> {
  for (const name of [`refs/tags/v${PREVIOUS.version}`, PREVIOUS.commit]) {
    const found = await tryRun('git', ['rev-parse', '--verify', '--quiet', `${name}^{commit}`], { cwd: ROOT });
    if (found.code === 0) return found.stdout.trim();
  }
  throw new Error(
    `version ${PREVIOUS.version} cannot be built: this clone has neither tag v${PREVIOUS.version} nor commit ${PREVIOUS.commit}; ` +
      'it needs the whole history (git fetch --unshallow --tags).',
  );
}

async function unpack(commit: string, tree: string): Promise<void> {
  const archive = join(tree, 'tree.tar');
  await run('git', ['archive', '--format=tar', '-o', archive, commit], { cwd: ROOT });
  await run('tar', ['-xf', archive, '-C', tree]);
  rmSync(archive);
}

/** Ours, where it was built from the same packages; its own otherwise. */
async function provideModules(tree: string): Promise<void> {
  if (isDeepStrictEqual(readLock(ROOT), readLock(tree))) symlinkSync(join(ROOT, 'node_modules'), join(tree, 'node_modules'));
  else await run('npm', ['ci', '--no-audit', '--no-fund'], { cwd: tree, timeoutMs: 300_000 });
}

/** But for the version, which it says twice. */
function readLock(root: string): unknown {
  const lock = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as { packages: Record<string, object> };
  return { ...lock, version: '', packages: { ...lock.packages, '': { ...lock.packages[''], version: '' } } };
}

async function build(tree: string, cluster: string): Promise<void> {
  const script = (name: string, ...args: string[]): Promise<string> =>
    run('sh', [join(tree, 'src/build/with-node.sh'), join(tree, 'src/build', name), ...args], { cwd: tree, timeoutMs: 300_000 });
  await script('bundle.ts');
  // Another suite of this machine may build it, too.
  await withImages(async () => {
    await script('image.ts', PREVIOUS_IMAGE, await findBase());
    await loadImages(cluster, [PREVIOUS_IMAGE]);
  });
}

/** What setup has made: one or the other, as a registry answers or not. */
async function findBase(): Promise<string> {
  for (const { cc } of Object.values(BASES)) if ((await tryRun('docker', ['image', 'inspect', cc])).code === 0) return cc;
  throw new Error('no base image is there: test/e2e/setup.ts makes it');
}

/** As test/e2e/overlay has them for this checkout; kustomize takes relative paths alone. */
function writeOverlay(tree: string): string {
  const folder = join(tree, 'previous');
  const [newName, newTag] = PREVIOUS_IMAGE.split(':');
  mkdirSync(folder);
  const kustomization = {
    apiVersion: 'kustomize.config.k8s.io/v1beta1',
    kind: 'Kustomization',
    resources: ['../manifests'],
    images: [{ name: 'ghcr.io/mcp-sluice/mcp-sluice', newName, newTag }],
  };
  // JSON is YAML.
  writeFileSync(join(folder, 'kustomization.yaml'), JSON.stringify(kustomization));
  return folder;
}
