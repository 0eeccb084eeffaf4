import { createHash } from 'node:crypto';
import { constants, cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { builder, buildImage, nodeBinary } from '../../src/build/image.ts';
import { packageFolders } from './dependencies.ts';
import { BASES, IMAGES } from './images.ts';
import { stageDebianPython, stagePythonPackages } from './python-tree.ts';
import { run, tryRun } from './run.ts';

const ROOT = join(import.meta.dirname, '../..');
const SERVERS = join(import.meta.dirname, 'servers');
const LABEL = 'mcp-sluice.test.key';
const EVERYTHING = '@modelcontextprotocol/server-everything';

/** Builds the product's image, each time: its bundles are this checkout's. */
export async function buildProduct(from: 'offline' | 'registry'): Promise<void> {
  buildImage({ name: IMAGES.product, base: BASES[from].cc });
  await run('docker', ['tag', IMAGES.product, IMAGES.upgraded]);
}

/** Builds the images of the tests' servers, where they are not there yet with the same content. */
export async function buildServers(from: 'offline' | 'registry'): Promise<void> {
  const bases = BASES[from];
  if (from === 'registry') {
    await run('docker', ['build', '-q', '-t', bases.cc, '-f', join(ROOT, 'manifests/base.Dockerfile'), SERVERS], longBuild());
    await run('docker', ['pull', '-q', bases.redis], { timeoutMs: 300_000 });
  }
  await run('docker', ['tag', bases.redis, IMAGES.redis]);
  await buildEverything(bases.cc);
  if (from === 'offline') await buildPythonBase(bases.cc, bases.python);
  await buildPython(bases.python);
}

async function buildEverything(base: string): Promise<void> {
  const lock = readFileSync(join(ROOT, 'package-lock.json'), 'utf8');
  // The first two steps are those of the product's Dockerfile, so that the Node layer is shared.
  const dockerfile = `FROM ${base}
COPY node /usr/local/bin/node
COPY srv /srv
USER 65532:65532
WORKDIR /srv
CMD ["/usr/local/bin/node", "node_modules/${EVERYTHING}/dist/index.js", "streamableHttp"]
`;
  await build(IMAGES.everything, dockerfile, [lock, readFileSync(join(SERVERS, 'loopback.cjs'), 'utf8')], (context) => {
    cpSync(nodeBinary(), join(context, 'node'), { mode: constants.COPYFILE_FICLONE });
    const folders = packageFolders(ROOT, EVERYTHING);
    for (const folder of folders) {
      const to = join(context, 'srv', relative(ROOT, folder));
      // Nested packages are copied on their own, if they are needed at all.
      cpSync(folder, to, { recursive: true, filter: (path) => !relative(folder, path).split('/').includes('node_modules') });
    }
    cpSync(join(SERVERS, 'loopback.cjs'), join(context, 'srv/loopback.cjs'));
    return Promise.resolve();
  });
}

/** CPython 3.11 of Debian's packages on the kit's base: what `python:3.11-slim` is where a registry answers. */
async function buildPythonBase(cc: string, name: string): Promise<void> {
  const dockerfile = `FROM ${cc}
COPY tree /
ENV LANG=C.UTF-8
`;
  await build(name, dockerfile, [], (context) => stageDebianPython(join(context, 'tree')));
}

async function buildPython(base: string): Promise<void> {
  const server = join(SERVERS, 'python_server.py');
  const requirements = join(SERVERS, 'requirements.txt');
  const dockerfile = `FROM ${base}
COPY packages /srv/packages
COPY python_server.py /srv/
ENV PYTHONPATH=/srv/packages PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
USER 65532:65532
WORKDIR /srv
CMD ["python3.11", "/srv/python_server.py"]
`;
  await build(IMAGES.python, dockerfile, [readFileSync(server, 'utf8'), readFileSync(requirements, 'utf8')], async (context) => {
    cpSync(server, join(context, 'python_server.py'));
    await stagePythonPackages(join(context, 'packages'), requirements);
  });
}

async function build(
  name: string,
  dockerfile: string,
  inputs: readonly string[],
  stage: (context: string) => Promise<void>,
): Promise<void> {
  const baseId = await run('docker', ['image', 'inspect', '-f', '{{.Id}}', /^FROM (\S+)/.exec(dockerfile)?.[1] ?? '']);
  const key = createHash('sha256')
    .update(JSON.stringify([dockerfile, baseId, process.version, ...inputs]))
    .digest('hex')
    .slice(0, 16);
  const existing = await tryRun('docker', ['image', 'inspect', '-f', `{{index .Config.Labels "${LABEL}"}}`, name]);
  if (existing.code === 0 && existing.stdout.trim() === key) return;
  const context = mkdtempSync(join(tmpdir(), 'mcp-sluice-e2e-image-'));
  try {
    mkdirSync(join(context, 'srv'));
    await stage(context);
    writeFileSync(join(context, 'Dockerfile'), dockerfile);
    await run('docker', ['build', '-q', '-t', name, '--label', `${LABEL}=${key}`, context], longBuild());
  } finally {
    rmSync(context, { recursive: true, force: true });
  }
}

function longBuild(): { timeoutMs: number; env: Record<string, string> } {
  return { timeoutMs: 600_000, env: builder() };
}
