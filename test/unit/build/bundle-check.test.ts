import type { Metafile } from 'esbuild';
import { describe, expect, it } from 'vitest';
import { type Bundle, type BundleName, checkBundles, renderSizes } from '../../../src/build/bundle-check.ts';

type Import = { path: string; kind: 'import-statement' | 'dynamic-import' | 'require-call'; external?: boolean };

/** A bundle whose entry imports these; each has a thousand bytes unless said otherwise. */
function bundleOf(name: BundleName, imports: readonly Import[], bytes: Readonly<Record<string, number>> = {}): Bundle {
  const entry = `${name}/main.ts`;
  const paths = [entry, ...imports.filter((one) => one.external !== true).map(({ path }) => path)];
  const inputs = Object.fromEntries(paths.map((path) => [path, { bytes: 1, imports: path === entry ? [...imports] : [] }]));
  const contributions = Object.fromEntries(paths.map((path) => [path, { bytesInOutput: bytes[path] ?? 1000 }]));
  const output = { bytes: 0, inputs: contributions, imports: [], exports: [] };
  return { name, entry, metafile: { inputs, outputs: { [`dist/${name}.cjs`]: output } } as Metafile };
}
const faultsOf = (bundle: Bundle): string[] => checkBundles([bundle]).faults;
const statically = (path: string): Import => ({ path, kind: 'import-statement' });

describe('the bundle check', () => {
  it.each([
    ['express', 'node_modules/express/index.js'],
    ['node-forge', 'node_modules/node-forge/lib/index.js'],
    ['@kubernetes/client-node', 'node_modules/@kubernetes/client-node/dist/index.js'],
    ['the locales of zod', 'node_modules/zod/v4/locales/ar.js'],
    ['a development dependency', 'node_modules/@modelcontextprotocol/sdk/dist/esm/client/index.js'],
  ])('[tooling:bundle] refuses %s in the sidecar', (what, path) => {
    expect(faultsOf(bundleOf('sidecar', [statically(path)]))).toEqual([expect.stringContaining(`sidecar.cjs contains ${what} (${path})`)]);
  });

  it('refuses them behind a dynamic import too', () => {
    expect(faultsOf(bundleOf('sidecar', [{ path: 'node_modules/express/index.js', kind: 'dynamic-import' }]))).toHaveLength(1);
  });

  it("lets zod's English through, and what was shaken off", () => {
    const ukrainian = 'node_modules/zod/v4/locales/uk.js';
    const bundle = bundleOf('sidecar', [statically('node_modules/zod/v4/locales/en.js'), statically(ukrainian)], { [ukrainian]: 0 });
    expect(faultsOf(bundle)).toEqual([]);
  });

  it('refuses ioredis in the sidecar when it is evaluated at start', () => {
    const path = 'node_modules/ioredis/built/index.js';
    expect(faultsOf(bundleOf('sidecar', [statically(path)]))).toEqual([expect.stringContaining('at start')]);
    expect(faultsOf(bundleOf('sidecar', [{ path, kind: 'dynamic-import' }]))).toEqual([]);
  });

  it('lets the webhook have express, and the Kubernetes client lazily', () => {
    const kube: Import = { path: 'node_modules/@kubernetes/client-node/dist/index.js', kind: 'dynamic-import' };
    expect(faultsOf(bundleOf('webhook', [statically('node_modules/express/index.js'), kube]))).toEqual([]);
  });

  it('refuses a bundle beyond its budget', () => {
    const path = 'sidecar/large.ts';
    expect(faultsOf(bundleOf('sidecar', [statically(path)], { [path]: 9_000_000 }))).toEqual([expect.stringContaining('its budget is')]);
  });

  it('tells sizes by package', () => {
    const bundle = bundleOf('sidecar', [statically('node_modules/@scope/a/x.js'), statically('node_modules/b/x.js')], {
      'node_modules/@scope/a/x.js': 7000,
      'node_modules/b/x.js': 3000,
    });
    expect(renderSizes(checkBundles([bundle]).sizes)).toMatch(/^sidecar\.cjs +11 kB +@scope\/a 7 kB, b 3 kB, mcp-sluice 1 kB$/);
  });
});
