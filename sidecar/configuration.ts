import { readFile } from 'node:fs/promises';
import type { Issue } from '../src/lib/issue.ts';
import { renderIssues } from '../src/lib/issue-text.ts';
import type { Settings } from '../src/settings/settings.ts';
import type { SkippedEntry } from '../src/settings/skip-entries.ts';
import { readLastGood, writeLastGood } from './last-good.ts';
import { isSameConfiguration, type Loaded, type LoadResult, load, retuned } from './load.ts';

const POLL_MS = 1_000;

export interface Configuration {
  /** Counts from 1 in the life of this process; each change in effect adds one. */
  readonly generation: number;
  readonly settings: Settings;
  /** Left out of the settings, as they are not valid. */
  readonly skippedEntries: readonly SkippedEntry[];
}

export interface ConfigurationEvents {
  readonly onConfiguration: (configuration: Configuration) => void;
  /** After each attempt to take up the file's content; `problem` says why the last one failed. */
  readonly onReload: (reload: {
    readonly problem?: string;
    readonly warnings: readonly Issue[];
    readonly heldBack: readonly string[];
  }) => void;
}

/**
 * The settings in effect, from a file of annotations that may change at any time.
 *
 * The content is polled, not watched: the kubelet updates a downward volume by
 * swapping a symlink, which leaves a watcher on the old file. An invalid content
 * changes nothing, and where there is none in effect yet (a restart) the last
 * good one is taken from the state folder.
 */
export class ConfigurationFile {
  readonly #file: string;
  readonly #stateDir: string | undefined;
  readonly #events: ConfigurationEvents;
  #lastText: string | undefined;
  #loaded: Loaded | undefined;
  #generation = 0;
  #problem: string | undefined = 'no configuration was read yet';
  #timer: NodeJS.Timeout | undefined;
  #isStopped = false;

  constructor(source: { readonly file: string; readonly stateDir?: string | undefined }, events: ConfigurationEvents) {
    this.#file = source.file;
    this.#stateDir = source.stateDir;
    this.#events = events;
  }

  get isLoaded(): boolean {
    return this.#loaded !== undefined;
  }

  get generation(): number {
    return this.#generation;
  }

  /** Why the file's present content is not in effect. */
  get problem(): string | undefined {
    return this.#problem;
  }

  async start(): Promise<void> {
    await this.poll();
    if (!this.#isStopped) this.#timer = setTimeout(() => void this.start(), POLL_MS);
  }

  stop(): void {
    this.#isStopped = true;
    clearTimeout(this.#timer);
  }

  /** Takes up the file's content where it has changed since. */
  async poll(): Promise<void> {
    let text: string | undefined;
    try {
      text = await readFile(this.#file, 'utf8');
    } catch (error) {
      // Between two states of a volume, or not mounted yet: asked again soon, and then taken up whatever it holds.
      this.#lastText = undefined;
      await this.#reject(`cannot read ${this.#file}: ${(error as Error).message}`, []);
      return;
    }
    if (text === this.#lastText) return;
    this.#lastText = text;
    const result = loadSafely(text);
    if (!result.ok) {
      await this.#reject(renderIssues(result.issues), result.warnings);
      return;
    }
    await this.#accept(result.loaded);
  }

  async #accept(fresh: Loaded): Promise<void> {
    this.#problem = undefined;
    const { loaded, heldBack } = this.#loaded === undefined ? { loaded: fresh, heldBack: [] } : retuned(this.#loaded, fresh);
    if (this.#loaded === undefined || !isSameConfiguration(this.#loaded, loaded)) {
      this.#putInEffect(loaded);
      await writeLastGood(this.#stateDir, loaded.annotations);
    }
    this.#events.onReload({ warnings: loaded.warnings, heldBack });
  }

  async #reject(problem: string, warnings: readonly Issue[]): Promise<void> {
    if (this.#loaded === undefined) {
      const lastGood = await readLastGood(this.#stateDir);
      if (lastGood !== undefined) this.#putInEffect(lastGood);
    }
    if (problem === this.#problem) return;
    this.#problem = problem;
    this.#events.onReload({ problem, warnings, heldBack: [] });
  }

  #putInEffect(loaded: Loaded): void {
    this.#loaded = loaded;
    this.#generation += 1;
    const { settings, skippedEntries } = loaded;
    this.#events.onConfiguration({ generation: this.#generation, settings, skippedEntries });
  }
}

/** A bug of ours in judging a content must cost no more than that content: an edit reaches every pod at once. */
function loadSafely(text: string): LoadResult {
  try {
    return load(text);
  } catch (error) {
    const message = `a bug: this configuration cannot be judged (${(error as Error).message})`;
    return { ok: false, issues: [{ code: 'BUG', path: [], message }], warnings: [] };
  }
}
