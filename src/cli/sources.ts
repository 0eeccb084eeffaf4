import { type Entry, InputError, type Io } from './io.ts';
import { type ManifestFile, parseManifests } from './manifest.ts';

export interface Wanted {
  readonly files: readonly string[];
  /** Whether directories are read with all that is below them. */
  readonly isRecursive: boolean;
}

/** As kubectl has it for `-f DIRECTORY`. */
const MANIFEST = /\.(ya?ml|json)$/;

/** Directories whose files are no manifests yet, by the file that says so, and what makes manifests of them. */
const SOURCES: readonly { readonly names: readonly string[]; readonly what: string; readonly render: string }[] = [
  { names: ['kustomization.yaml', 'kustomization.yml', 'Kustomization'], what: 'a kustomization', render: 'kubectl kustomize' },
  { names: ['Chart.yaml'], what: 'a Helm chart', render: 'helm template' },
];

/**
 * The manifests of files, of standard input (`-`) and of directories, in the order in which they are given and, within a
 * directory, of their names.
 *
 * @throws InputError for what cannot be read, a directory without manifests, and one that is yet to be rendered.
 */
export async function readSources({ files, isRecursive }: Wanted, io: Io): Promise<ManifestFile[]> {
  const read: ManifestFile[] = [];
  for (const name of files) {
    if (name === '-') read.push(parseManifests(name, await io.stdin()));
    else for (const path of await expand(name, isRecursive, io)) read.push(await readSource(path, io));
  }
  return read;
}

/**
 * For commands that judge: in a pipeline the command before may have failed, and to find nothing wrong with nothing would
 * hide that.
 *
 * @throws InputError where nothing at all came in by standard input.
 */
export function refuseEmptyPipe(files: readonly ManifestFile[]): void {
  if (files.some(({ name, text }) => name === '-' && text.trim() === ''))
    throw new InputError('standard input is empty: did the command before the pipe fail?');
}

/** The manifests of one file. @throws InputError where it cannot be read. */
export async function readSource(path: string, io: Io): Promise<ManifestFile> {
  return parseManifests(path, await asInput(() => io.read(path)));
}

async function expand(path: string, isRecursive: boolean, io: Io): Promise<string[]> {
  const entries = await asInput(async () => io.list?.(path));
  if (entries === undefined) return [path];
  const found = await below(path, entries, isRecursive, io);
  if (found.length > 0) return found;
  const deeper = !isRecursive && entries.some(({ isDirectory }) => isDirectory) ? '; --recursive looks into the directories below it' : '';
  throw new InputError(`${path} has no file that ends with .yaml, .yml or .json${deeper}`);
}

async function below(path: string, entries: readonly Entry[], isRecursive: boolean, io: Io): Promise<string[]> {
  const source = SOURCES.find(({ names }) => entries.some(({ name }) => names.includes(name)));
  // Its patches and templates are not applied yet: a judgement of the parts would be one of something else.
  if (source) throw new InputError(`${path} is ${source.what}: pipe what it renders, ${source.render} ${path} | mcp-sluice lint -`);
  const found: string[] = [];
  for (const { name, isDirectory } of entries.toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
    const each = `${path.replace(/\/+$/, '')}/${name}`;
    if (!isDirectory && MANIFEST.test(name)) found.push(each);
    else if (isDirectory && isRecursive) found.push(...(await below(each, (await asInput(async () => io.list?.(each))) ?? [], true, io)));
  }
  return found;
}

/** Errors of the file system are the user's matter. */
async function asInput<T>(read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof Error && 'code' in error && 'syscall' in error) throw new InputError(error.message);
    throw error;
  }
}
