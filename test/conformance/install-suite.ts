import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { parse } from 'yaml';
import { cacheDirectory } from '../../src/build/cache-directory.ts';

const run = promisify(execFile);
const here = import.meta.dirname;
const NPM_DEADLINE_MS = 180_000;

export type Revision = '2025-11-25' | '2026-07-28';

export interface Suite {
  /** Holds `node_modules` and a copy of our server. */
  readonly folder: string;
  /** The program, for Node. */
  readonly program: string;
  /** Our server, for Node. */
  readonly server: string;
  /** Scenarios of a frozen requirement set, those that do not count for its score too. */
  scenarios(revision: Revision, leg: 'server' | 'client'): readonly string[];
}

/** The pinned packages of this folder, installed once into the cache. Throws an Error with npm's reason. */
export async function installSuite(): Promise<Suite> {
  const lock = createHash('sha256')
    .update(readFileSync(join(here, 'package-lock.json')))
    .digest('hex');
  const folder = join(cacheDirectory(), `conformance-${lock.slice(0, 16)}`);
  if (!existsSync(folder)) await install(folder);
  // Beside the packages that it imports; the copy in the repository finds none.
  cpSync(join(here, 'server'), join(folder, 'server'), { recursive: true });
  await checkTypes(folder);
  const suite = join(folder, 'node_modules/@modelcontextprotocol/conformance');
  return {
    folder,
    program: join(suite, 'dist/index.js'),
    server: join(folder, 'server/main.ts'),
    scenarios: (revision, leg) => readScenarios(join(suite, `requirements/${revision}.yaml`), leg),
  };
}

async function install(folder: string): Promise<void> {
  mkdirSync(cacheDirectory(), { recursive: true });
  const work = mkdtempSync(`${folder}-new-`);
  try {
    for (const file of ['package.json', 'package-lock.json']) cpSync(join(here, file), join(work, file));
    await run('npm', ['ci', '--no-audit', '--no-fund'], { cwd: work, timeout: NPM_DEADLINE_MS });
    renameSync(work, folder);
  } catch (cause) {
    // Two commands may do this at once: the other one's will do.
    if (existsSync(folder)) return;
    throw new Error(`The conformance suite cannot be installed: ${(cause as { stderr?: string }).stderr?.trim() || String(cause)}`, {
      cause,
    });
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** `npm run check` cannot, as it has no packages to check our server against. */
async function checkTypes(folder: string): Promise<void> {
  const root = resolve(here, '../..');
  const config = {
    extends: join(root, 'tsconfig.json'),
    compilerOptions: { typeRoots: ['node_modules/@types'] },
    include: ['server'],
    exclude: [],
  };
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(config));
  await run(join(root, 'node_modules/.bin/tsc'), ['--noEmit', '-p', folder]).catch((cause: { stdout?: string }) => {
    throw new Error(`test/conformance/server:\n${cause.stdout ?? ''}`, { cause });
  });
}

interface RequirementSet {
  readonly server: readonly string[];
  readonly client: readonly string[];
  readonly not_scored: readonly { readonly scenario: string; readonly leg: string }[];
}

function readScenarios(file: string, leg: 'server' | 'client'): string[] {
  const set = parse(readFileSync(file, 'utf8')) as RequirementSet;
  return [...set[leg], ...set.not_scored.filter((entry) => entry.leg === leg).map(({ scenario }) => scenario)];
}
