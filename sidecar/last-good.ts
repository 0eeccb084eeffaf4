import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Loaded, loadAnnotations } from './load.ts';

const FILE = 'last-good.json';

/** The last configuration that was in effect, checked anew; undefined where there is none, or none of this version. */
export async function readLastGood(stateDir: string | undefined): Promise<Loaded | undefined> {
  if (stateDir === undefined) return undefined;
  try {
    const annotations: unknown = JSON.parse(await readFile(join(stateDir, FILE), 'utf8'));
    if (typeof annotations !== 'object' || annotations === null) return undefined;
    const texts = Object.entries(annotations).filter((entry): entry is [string, string] => typeof entry[1] === 'string');
    const result = loadAnnotations(Object.fromEntries(texts));
    return result.ok ? result.loaded : undefined;
  } catch {
    // Never written, or cut off: as if there were none.
    return undefined;
  }
}

/** Whole or not at all: a name is given to the file once its content is there. */
export async function writeLastGood(stateDir: string | undefined, annotations: Readonly<Record<string, string>>): Promise<void> {
  if (stateDir === undefined) return;
  const path = join(stateDir, FILE);
  try {
    await writeFile(`${path}.new`, JSON.stringify(annotations), { mode: 0o600 });
    await rename(`${path}.new`, path);
  } catch {
    // A full or read-only folder costs the last good one after a restart, nothing now.
  }
}
