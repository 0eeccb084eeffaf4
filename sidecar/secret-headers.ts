import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { EntryHeader, RemoteEntry } from '../src/settings/settings.ts';

/** The kubelet swaps a symlink, which leaves a watcher on the old file: the content is polled. */
const POLL_MS = 1_000;
/** Half of what common servers take for all headers together. */
const VALUE_LIMIT_CHARACTERS = 4_096;

export interface SecretHeadersDeps {
  /** Where Secrets are mounted, as `<entry>/<secret>/<key>`. */
  readonly directory: string;
  /** Told once of each new problem, and with undefined once it is over. */
  readonly onProblem: (problem: string | undefined) => void;
  /** The value of this header was taken up after another one. */
  readonly onChange: (name: string) => void;
}

type Read = { readonly name: string; readonly value: string } | { readonly problem: string };

/**
 * The headers of an entry whose values are those of Secrets, taken up anew where the files change. No value leaves
 * this object but towards the remote. A Secret that goes is no longer used: somebody withdrew it.
 */
export class SecretHeaders {
  readonly #entry: Pick<RemoteEntry, 'name' | 'headers'>;
  readonly #deps: SecretHeadersDeps;
  #lines: readonly string[] = [];
  #problem: string | undefined;
  #timer: NodeJS.Timeout | undefined;
  #isStopped = false;

  constructor(entry: Pick<RemoteEntry, 'name' | 'headers'>, deps: SecretHeadersDeps) {
    this.#entry = entry;
    this.#deps = deps;
    if (entry.headers.length > 0) this.#problem = `Remote entry "${entry.name}": its headers were not read yet. Try again.`;
  }

  /** Names and values by turns; or why there are none to send. */
  current(): { readonly lines: readonly string[] } | { readonly problem: string } {
    return this.#problem === undefined ? { lines: this.#lines } : { problem: this.#problem };
  }

  /** Reads for the first time, and from then on again and again; never rejects. */
  async start(): Promise<void> {
    if (this.#entry.headers.length === 0) return;
    await this.poll();
    if (!this.#isStopped) this.#timer = setTimeout(() => void this.start(), POLL_MS).unref();
  }

  stop(): void {
    this.#isStopped = true;
    clearTimeout(this.#timer);
  }

  async poll(): Promise<void> {
    const { headers } = this.#entry;
    const read = await Promise.all(headers.map((header) => this.#read(header)));
    const problems = read.flatMap((one) => ('problem' in one ? [one.problem] : []));
    const problem = problems.length === 0 ? undefined : `Remote entry "${this.#entry.name}" cannot be used: ${problems.join(' ')}`;
    const lines = problem === undefined ? read.flatMap((one) => ('value' in one ? [one.name, one.value] : [])) : [];
    const before = { problem: this.#problem, lines: this.#lines };
    this.#problem = problem;
    this.#lines = lines;
    if (problem !== before.problem) this.#deps.onProblem(problem);
    else for (const [i, { name }] of headers.entries()) if (lines[2 * i + 1] !== before.lines[2 * i + 1]) this.#deps.onChange(name);
  }

  async #read({ name, secret, key }: EntryHeader): Promise<Read> {
    const of = `its header "${name}" is to be the key "${key}" of the Secret "${secret}"`;
    const path = join(this.#deps.directory, this.#entry.name, secret, key);
    let text: string;
    try {
      // Once more, as a file may go between the swap of the symlink and our opening it.
      text = await readFile(path, 'utf8').catch(() => readFile(path, 'utf8'));
    } catch {
      return {
        problem: `${of}, and there is no such Secret or key in this pod's namespace. Create it; it is taken up without a restart.`,
      };
    }
    // Editors and `echo` end a file with a line break; blanks at the ends are no part of a field's value (RFC 9110 §5.5).
    const value = text.trim();
    if (value === '') return { problem: `${of}, which is empty.` };
    if (value.length > VALUE_LIMIT_CHARACTERS) return { problem: `${of}, which exceeds ${VALUE_LIMIT_CHARACTERS} characters.` };
    if (/[^\t\x20-\x7e]/.test(value)) {
      return { problem: `${of}, which holds a line break or another character that no header may hold (RFC 9110 §5.5).` };
    }
    return { name, value };
  }
}
