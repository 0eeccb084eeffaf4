import { spawnSync } from 'node:child_process';
import { constants, cpSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DEFAULT_IMAGE } from '../cli/flags.ts';

const ROOT = join(import.meta.dirname, '../..');
const BUNDLES = ['mcp-sluice.cjs', 'sidecar.cjs', 'webhook.cjs'];

export interface ImageOptions {
  /** Name and tag of the image. */
  readonly name: string;
  /** An image with glibc, libstdc++, libatomic, CA certificates and `nft`. */
  readonly base: string;
}

/** Builds the product image from `dist/` and npm's Node binary; throws with Docker's own words when that fails. */
export function buildImage({ name, base }: ImageOptions): void {
  const context = mkdtempSync(join(tmpdir(), 'mcp-sluice-image-'));
  try {
    for (const bundle of BUNDLES) {
      const from = join(ROOT, 'dist', bundle);
      if (!existsSync(from)) throw new Error(`dist/${bundle} is missing: run 'npm run build' first.`);
      cpSync(from, join(context, bundle));
    }
    cpSync(nodeBinary(), join(context, 'node'), { mode: constants.COPYFILE_FICLONE });
    const args = ['build', '-q', '-t', name, '--build-arg', `BASE=${base}`, '-f', join(ROOT, 'manifests/Dockerfile'), context];
    const built = spawnSync('docker', args, { env: { ...process.env, ...builder() }, encoding: 'utf8' });
    if (built.error) throw new Error(`docker cannot be run: ${built.error.message}`);
    if (built.status !== 0) throw new Error(`docker build of ${name} failed: ${built.stderr}${built.stdout}`);
  } finally {
    rmSync(context, { recursive: true, force: true });
  }
}

/** The environment that chooses a builder which is there: BuildKit is a plugin, and Debian's package lacks it. */
export function builder(): Record<string, string> {
  const hasBuildKit = spawnSync('docker', ['buildx', 'version'], { stdio: 'ignore' }).status === 0;
  return { DOCKER_BUILDKIT: hasBuildKit ? '1' : '0' };
}

/** Path of the Node binary that npm installed for this platform. */
export function nodeBinary(): string {
  const binary = join(ROOT, 'node_modules', `node-linux-${process.arch}`, 'bin/node');
  if (!existsSync(binary)) throw new Error(`${binary} is missing: run 'npm ci' without --omit=optional, on Linux.`);
  return binary;
}

if (import.meta.main) {
  const [name = DEFAULT_IMAGE, base = 'mcp-sluice-base'] = process.argv.slice(2);
  buildImage({ name, base });
  process.stdout.write(`${name}\n`);
}
