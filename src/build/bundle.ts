// Bundles the program into three CommonJS files in dist/, one per process: on
// Node 24 and 26 `import 'node:http'` reads every lazy getter of the builtin and
// so loads Node's own undici (nodejs/node#59686: +13 MB); `require` does not.
import { rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { type BuildResult, build, type Metafile, type Plugin } from 'esbuild';
import { type BundleName, type BundleSize, checkBundles, renderSizes } from './bundle-check.ts';

const root = resolve(import.meta.dirname, '../..');
const entries: Record<BundleName, string> = {
  'mcp-sluice': 'src/cli/main.ts',
  sidecar: 'sidecar/main.ts',
  webhook: 'webhook/main.ts',
};

/** Each process loads its own file only: the dispatcher reaches the other two by `require`. */
const siblings: Plugin = {
  name: 'siblings',
  setup(plugins) {
    plugins.onResolve({ filter: /^\.\.\/\.\.\/(sidecar|webhook)\/main\.ts$/ }, (from) =>
      from.kind === 'dynamic-import' ? { path: `./${from.path.split('/')[2]}.cjs`, external: true } : undefined,
    );
  },
};

/** The demo needs the checkout: its MCP server, client and Redis are dev dependencies. */
const withoutDemo: Plugin = {
  name: 'without-demo',
  setup(plugins) {
    plugins.onResolve({ filter: /^\.\/demo\/main\.ts$/ }, () => ({ path: 'demo', namespace: 'without-demo' }));
    plugins.onLoad({ filter: /.*/, namespace: 'without-demo' }, () => ({
      contents: `export async function runDemo() {
        process.stderr.write("mcp-sluice: demo needs the checkout of the project: there run 'npm ci && npm run demo'.\\n");
        return 69;
      }`,
    }));
  },
};

/** Of undici we use `Pool` alone; its index loads fetch, WebSocket and the rest with it (0.4 MB of text, 3 MB resident). */
const poolOnly: Plugin = {
  name: 'pool-only',
  setup(plugins) {
    plugins.onResolve({ filter: /^undici$/ }, ({ importer }) =>
      importer.includes('node_modules') ? undefined : { path: 'undici', namespace: 'pool-only' },
    );
    plugins.onLoad({ filter: /.*/, namespace: 'pool-only' }, () => ({
      contents: "module.exports = { Pool: require('undici/lib/dispatcher/pool.js') };",
      resolveDir: root,
    }));
  },
};

async function bundleOne(name: BundleName, outdir: string): Promise<Metafile> {
  const result: BuildResult<{ metafile: true }> = await build({
    absWorkingDir: root,
    entryPoints: { [name]: entries[name] },
    outdir,
    outExtension: { '.js': '.cjs' },
    bundle: true,
    platform: 'node',
    target: 'node26',
    format: 'cjs',
    // `import()` as `require`: the ESM loader costs memory that nothing here needs.
    supported: { 'dynamic-import': false },
    // Identifiers are left alone, so that stack traces can be read.
    minifySyntax: true,
    minifyWhitespace: true,
    sourcemap: 'external',
    legalComments: 'external',
    define: { 'process.env.NODE_ENV': '"production"' },
    plugins: [siblings, withoutDemo, poolOnly],
    metafile: true,
    logLevel: 'warning',
  });
  return result.metafile;
}

/**
 * Builds the three bundles into `outdir` and checks what is in them.
 *
 * @throws when esbuild finds an error, or a bundle holds what it must not.
 */
export async function bundle(outdir: string = join(root, 'dist')): Promise<BundleSize[]> {
  rmSync(outdir, { recursive: true, force: true });
  const names = Object.keys(entries) as BundleName[];
  const metafiles = await Promise.all(names.map((name) => bundleOne(name, outdir)));
  const bundles = names.map((name, at) => ({ name, entry: entries[name], metafile: metafiles[at] as Metafile }));
  // dist/ is CommonJS whatever the package around it says of `.js`.
  writeFileSync(join(outdir, 'package.json'), '{ "type": "commonjs" }\n');
  const { faults, sizes } = checkBundles(bundles);
  if (faults.length > 0) throw new Error(`The bundles hold what they must not:\n${faults.map((fault) => `  ${fault}`).join('\n')}`);
  return sizes;
}

if (import.meta.main) {
  bundle(process.argv[2] ? resolve(process.argv[2]) : undefined).then(
    (sizes) => process.stdout.write(`${renderSizes(sizes)}\n`),
    (error: Error) => {
      process.stderr.write(`mcp-sluice: ${error.message}\n`);
      process.exitCode = 1;
    },
  );
}
