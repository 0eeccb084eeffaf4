import { spawnSync } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { STOCK_NODE } from './images.ts';
import { run, tryRun } from './run.ts';

const KIT = join(import.meta.dirname, '../kind-offline/build');

/** Where node images and bases come from. */
export type ImageSource = 'offline' | 'registry';

/**
 * Puts `kind`, `kubectl` and `docker` on this process's PATH and answers where
 * images come from: a registry where one answers, else the offline kit, which
 * is then built (a quarter of an hour the first time, a second afterwards).
 */
export async function prepareTools(log: (line: string) => void): Promise<ImageSource> {
  if (isSigsKind() && onPath('kubectl') && (await registryAnswers())) return 'registry';
  log('no kind, kubectl or image registry at hand: using the offline kit (test/kind-offline)');
  assertKitCanRun();
  const built = await tryRun(KIT, [], { timeoutMs: 3_000_000 });
  if (built.code !== 0) throw new Error(`test/kind-offline/build failed:\n${built.stderr}`);
  const prefix = (await run(KIT, ['--prefix'])).trim();
  process.env['PATH'] = `${prefix}${delimiter}${process.env['PATH'] ?? ''}`;
  return 'offline';
}

/** npm has a package `kind` whose program has nothing to do with Kubernetes. */
function isSigsKind(): boolean {
  const version = spawnSync('kind', ['version'], { encoding: 'utf8', timeout: 10_000 });
  return version.status === 0 && /^kind v\d+\.\d+\.\d+/.test(version.stdout);
}

async function registryAnswers(): Promise<boolean> {
  if (!onPath('docker')) return false;
  return (await tryRun('docker', ['manifest', 'inspect', STOCK_NODE], { timeoutMs: 15_000 })).code === 0;
}

/** The kit installs Debian packages and starts dockerd; what it cannot bring itself is said before it starts. */
function assertKitCanRun(): void {
  const missing: string[] = [];
  if (!onPath('go')) missing.push('Go (https://go.dev/doc/install) to compile Kubernetes');
  if (!onPath('apt-get')) missing.push('apt-get with the sources of Debian 12');
  if (process.getuid?.() !== 0) missing.push('root, to install packages and start dockerd');
  if (missing.length > 0)
    throw new Error(
      `The end-to-end tests need kind, kubectl, docker and an image registry; without a registry the offline kit needs: ${missing.join('; ')}.`,
    );
}

function onPath(program: string): boolean {
  return (process.env['PATH'] ?? '').split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, program), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}
