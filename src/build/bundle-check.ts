// What may be in which bundle, decided from esbuild's metafile.
import type { Metafile } from 'esbuild';

export type BundleName = 'mcp-sluice' | 'sidecar' | 'webhook';
export interface Bundle {
  readonly name: BundleName;
  /** The entry point, as the metafile spells it. */
  readonly entry: string;
  readonly metafile: Metafile;
}
export interface BundleSize {
  readonly name: BundleName;
  readonly bytes: number;
  /** The packages in it, largest first. */
  readonly packages: readonly { readonly name: string; readonly bytes: number }[];
}

interface Ban {
  readonly what: string;
  readonly inputs: RegExp;
  readonly why: string;
}
const zodLocales: Ban = {
  what: 'the locales of zod',
  // English is the default and stays, and so does the index, which then lists nothing else.
  inputs: /node_modules\/zod\/.*\/locales\/(?!(en|index)\.)/,
  why: "import it as `import * as z from 'zod'`: `{ z }` drags every locale in",
};
const devOnly: Ban = {
  what: 'a development dependency',
  inputs: /node_modules\/(@modelcontextprotocol|esbuild|vitest|fast-check|typescript|@biomejs|knip)\//,
  why: 'the image has no use for it',
};
const clusterOnly: Ban[] = [
  { what: 'express', inputs: /node_modules\/express\//, why: 'only webhook/ may import it' },
  { what: 'node-forge', inputs: /node_modules\/node-forge\//, why: 'only webhook/ may import it' },
  { what: '@kubernetes/client-node', inputs: /node_modules\/@kubernetes\//, why: 'only webhook/kube.ts may import it (84 MB resident)' },
];
const redis: Ban = { what: 'ioredis', inputs: /node_modules\/ioredis\//, why: 'only the sidecar speaks to Redis' };

const jose: Ban = { what: 'jose', inputs: /node_modules\/jose\//, why: 'only the sidecar verifies tokens' };

const bans: Record<BundleName, readonly Ban[]> = {
  'mcp-sluice': [...clusterOnly, redis, jose, zodLocales, devOnly],
  sidecar: [...clusterOnly, zodLocales, devOnly],
  webhook: [redis, jose, zodLocales, devOnly],
};

/** Packages that are in a bundle but must not be evaluated at start. */
const lazyPackages: Record<BundleName, readonly RegExp[]> = {
  'mcp-sluice': [/node_modules\/(zod|yaml)\//],
  sidecar: [/node_modules\/ioredis\//],
  webhook: [/node_modules\/@kubernetes\//],
};

/** Kilobytes (1000) that a bundle may have before somebody must look why. */
const budgetKb: Record<BundleName, number> = { 'mcp-sluice': 900, sidecar: 1900, webhook: 5000 };

/** The inputs that run when the bundle is loaded: everything but what stands behind an `import()`. */
function evaluatedAtStart(bundle: Bundle): Set<string> {
  const seen = new Set<string>();
  const open = [bundle.entry];
  for (let input = open.pop(); input !== undefined; input = open.pop()) {
    if (seen.has(input)) continue;
    seen.add(input);
    for (const imported of bundle.metafile.inputs[input]?.imports ?? []) {
      if (imported.kind !== 'dynamic-import' && imported.external !== true) open.push(imported.path);
    }
  }
  return seen;
}

/** What really contributes bytes: tree shaking leaves inputs of zero bytes in the list. */
function contributing(bundle: Bundle): [input: string, bytes: number][] {
  const output = Object.entries(bundle.metafile.outputs).find(([path]) => path.endsWith(`${bundle.name}.cjs`));
  if (output === undefined) throw new Error(`The metafile has no ${bundle.name}.cjs.`);
  return Object.entries(output[1].inputs).flatMap(([input, { bytesInOutput }]) => (bytesInOutput > 0 ? [[input, bytesInOutput]] : []));
}

function packageOf(input: string): string {
  const parts = input.split('node_modules/').at(-1)?.split('/') ?? [];
  if (!input.includes('node_modules/')) return 'mcp-sluice';
  return parts[0]?.startsWith('@') ? `${parts[0]}/${parts[1]}` : (parts[0] ?? input);
}

function sizeOf(bundle: Bundle): BundleSize {
  const packages = new Map<string, number>();
  for (const [input, bytes] of contributing(bundle)) packages.set(packageOf(input), (packages.get(packageOf(input)) ?? 0) + bytes);
  const sorted = [...packages].map(([name, bytes]) => ({ name, bytes })).sort((a, b) => b.bytes - a.bytes);
  return { name: bundle.name, bytes: sorted.reduce((sum, { bytes }) => sum + bytes, 0), packages: sorted };
}

function faultsOf(bundle: Bundle): string[] {
  const inputs = contributing(bundle).map(([input]) => input);
  const start = evaluatedAtStart(bundle);
  const banned = bans[bundle.name].flatMap((ban) => {
    const found = inputs.find((input) => ban.inputs.test(input));
    return found === undefined ? [] : [`${bundle.name}.cjs contains ${ban.what} (${found}): ${ban.why}`];
  });
  const eager = lazyPackages[bundle.name].flatMap((pattern) => {
    const found = inputs.find((input) => pattern.test(input) && start.has(input));
    return found === undefined ? [] : [`${bundle.name}.cjs evaluates ${found} at start: reach it by \`await import()\``];
  });
  const kb = sizeOf(bundle).bytes / 1000;
  const fat = kb > budgetKb[bundle.name] ? [`${bundle.name}.cjs has ${Math.round(kb)} kB, its budget is ${budgetKb[bundle.name]}`] : [];
  return [...banned, ...eager, ...fat];
}

/** Judges the bundles; an empty `faults` means all is well. */
export function checkBundles(bundles: readonly Bundle[]): { faults: string[]; sizes: BundleSize[] } {
  return { faults: bundles.flatMap(faultsOf), sizes: bundles.map(sizeOf) };
}

/** One line per bundle: its size and its largest packages. */
export function renderSizes(sizes: readonly BundleSize[]): string {
  const kb = (bytes: number): string => `${Math.round(bytes / 1000)} kB`;
  return sizes
    .map(({ name, bytes, packages }) => {
      const largest = packages.slice(0, 5).map((part) => `${part.name} ${kb(part.bytes)}`);
      return `${`${name}.cjs`.padEnd(16)}${kb(bytes).padStart(8)}   ${largest.join(', ')}`;
    })
    .join('\n');
}
