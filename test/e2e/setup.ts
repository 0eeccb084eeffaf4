import { existsSync, mkdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { buildProduct, buildServers } from './build-images.ts';
import { dumpState } from './dump.ts';
import { withImages } from './image-lock.ts';
import { IMAGES } from './images.ts';
import { install, uninstall } from './install.ts';
import { CLUSTER, createCluster, deleteCluster, kindNameOf, loadImages } from './kind.ts';
import { listEverything } from './listing.ts';
import { tryRun } from './run.ts';
import { prepareTools } from './tools.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    readonly kubeconfig: string;
    /** Where a failing test leaves what it saw of the cluster. */
    readonly results: string;
    /** The cluster before the installation, as `listing.ts` tells it. */
    readonly before: readonly string[];
  }
}

const ROOT = join(import.meta.dirname, '../..');
const started = Date.now();
const log = (line: string): void => void process.stderr.write(`e2e ${Math.round((Date.now() - started) / 1000)} s: ${line}\n`);

const isKept = process.env['E2E_KEEP'] === '1';
const given = process.env['KUBECONFIG'];
const folder = isKept ? join(ROOT, 'test-results/kept') : join(tmpdir(), `mcp-sluice-e2e-${process.pid}`);
// kind would write the user's own configuration otherwise.
const kubeconfig = given ?? join(folder, 'kubeconfig');

/** Cluster, images and installation for all files. */
export async function setup(project: TestProject): Promise<void> {
  mkdirSync(folder, { recursive: true });
  process.env['KUBECONFIG'] = kubeconfig;
  const results = join(ROOT, 'test-results', `e2e-${new Date(started).toISOString().replaceAll(/[:.]/g, '-')}`);
  project.provide('kubeconfig', kubeconfig);
  project.provide('results', results);
  for (const [signal, code] of [
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const) {
    process.once(signal, () => {
      remove();
      process.exit(code);
    });
  }
  try {
    await provision(project);
  } catch (error) {
    log(`setting up failed: ${String(error)}`);
    if (existsSync(kubeconfig)) await dumpState(join(results, 'setup'), []).catch((dumped: unknown) => log(String(dumped)));
    remove();
    throw error;
  }
}

/** At the end, however the tests went. */
export async function teardown(): Promise<void> {
  if (isKept) log(`kept: KUBECONFIG=${kubeconfig}${given === undefined ? `; remove it with: kind delete cluster --name ${CLUSTER}` : ''}`);
  else if (given !== undefined) await uninstall();
  remove();
  log('done');
}

function remove(): void {
  if (isKept) return;
  if (given === undefined) deleteCluster(kubeconfig);
  rmSync(folder, { recursive: true, force: true });
}

async function provision(project: TestProject): Promise<void> {
  const source = await prepareTools(log);
  const servers = buildServers(source);
  // Awaited below; a failure before that must not be an unhandled one.
  servers.catch(() => undefined);
  let cluster: string | undefined = CLUSTER;
  if (given === undefined) {
    log(`creating the cluster ${CLUSTER} (${source})`);
    await createCluster({ source, kubeconfig, isReuseWelcome: isKept });
  } else {
    cluster = kindNameOf(given);
    if (cluster === undefined)
      throw new Error(`KUBECONFIG=${given} names no kind cluster: images can only be loaded into one (its context must be kind-NAME).`);
  }
  await withImages(async () => {
    log('building bundles and images');
    await bundle();
    await servers;
    await buildProduct(source);
    log('loading images');
    await loadImages(cluster, Object.values(IMAGES));
  });
  project.provide('before', await listEverything());
  log('installing manifests/');
  await install('first');
  log('ready');
}

/** A bundle over its budget is `npm run check`'s to refuse: its behaviour can be tested all the same. */
async function bundle(): Promise<void> {
  const built = await tryRun('sh', [join(ROOT, 'src/build/with-node.sh'), join(ROOT, 'src/build/bundle.ts')], {
    cwd: ROOT,
    timeoutMs: 300_000,
  });
  if (built.stderr.includes('The bundles hold what they must not')) log(built.stderr.trim());
  else if (built.code !== 0) throw new Error(`the bundles could not be built: ${built.stderr}`);
}
