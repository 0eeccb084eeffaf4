// npm drops the packages of other platforms from the lock when its registry does
// not have them or when node_modules is there already (npm/cli#4828), and `npm ci`
// then fails in the next clone.
import { expect, it } from 'vitest';
import manifest from '../../../package.json' with { type: 'json' };
import lock from '../../../package-lock.json' with { type: 'json' };

interface Locked {
  readonly version?: string;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}
const packages = lock.packages as unknown as Readonly<Record<string, Locked>>;

/** The paths at which Node's resolution looks for a package that the one at `from` needs. */
function candidates(from: string, name: string): string[] {
  const folders = from.split('/node_modules/');
  return folders.map((_, at) => [...folders.slice(0, folders.length - at), name].join('/node_modules/')).concat(`node_modules/${name}`);
}

it('the lock knows the packages of every platform', () => {
  const missing = Object.entries(packages).flatMap(([from, { optionalDependencies = {} }]) =>
    Object.keys(optionalDependencies).filter((name) => !candidates(from, name).some((path) => path in packages)),
  );
  expect(missing).toEqual([]);
});

it('every dependency is pinned exactly', () => {
  const { dependencies, devDependencies, optionalDependencies } = manifest;
  const versions = Object.entries({ ...dependencies, ...devDependencies, ...optionalDependencies });
  expect(versions.filter(([, version]) => !/^\d+\.\d+\.\d+$/.test(version))).toEqual([]);
  expect(versions.filter(([name, version]) => packages[`node_modules/${name}`]?.version !== version)).toEqual([]);
});

it('the lock names no registry', () => {
  expect(Object.values(packages).filter((locked) => 'resolved' in locked)).toEqual([]);
});
