import { readdirSync } from 'node:fs';
import { join } from 'node:path';

/** A promise of the contract or the issue; a test cites its id at the head of its title: `it('[id] …')`. */
export interface Requirement {
  /** Where it is promised: `contract §6`. */
  readonly source: string;
  /** One sentence. */
  readonly behaviour: string;
}

export interface Listed extends Requirement {
  readonly id: string;
  /** The file of test/requirements/ that lists it. */
  readonly file: string;
}

/** Every requirement that a file of test/requirements/ exports. */
export async function listRequirements(): Promise<Listed[]> {
  const directory = join(import.meta.dirname, 'requirements');
  const files = readdirSync(directory).filter((file) => file.endsWith('.ts'));
  const modules = await Promise.all(
    files.map(async (file) => ({ file, tables: Object.values((await import(join(directory, file))) as Record<string, object>) })),
  );
  return modules.flatMap(({ file, tables }) =>
    tables.flatMap((table) =>
      Object.entries(table as Record<string, Requirement>).map(([id, requirement]) => ({ ...requirement, id, file })),
    ),
  );
}

/** The ids that a test's source cites at the head of a title: `'[parse:duplicate-key] refuses …'`, also several in a row. */
export function citedIds(source: string): string[] {
  const heads = source.matchAll(/['"`]((?:\[[a-z0-9]+(?::[a-z0-9.-]+)+\]\s*)+)/gi);
  return [...heads].flatMap(([, head = '']) => [...head.matchAll(/\[([^\]]+)\]/g)].map(([, id = '']) => id));
}
