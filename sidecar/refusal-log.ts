import type { Logger } from 'pino';

/** Lines per second and reason; above that they are counted and left out (contract §9.11). */
const LINES_PER_SECOND = 10;

/** What a refusal's line says: no arguments, no credentials, no client names. */
export interface RefusalLine {
  /** The rung of the ladder or the limit: a fixed set, never what a client sent. */
  readonly reason: string;
  readonly status: number;
  readonly isShadow: boolean;
  readonly tool?: string | undefined;
  readonly method?: string | undefined;
  readonly limit?: string | undefined;
  readonly waitMs?: number | undefined;
}

export interface RefusalLogDeps {
  readonly log: () => Logger;
  readonly nowMs: () => number;
  /** Told of each line left out. */
  readonly onOmitted: (reason: string) => void;
}

/** One line per refusal, sampled by reason; the first line after an omission says how many were left out. */
export class RefusalLog {
  readonly #deps: RefusalLogDeps;
  readonly #windows = new Map<string, { second: number; lines: number; omitted: number }>();

  constructor(deps: RefusalLogDeps) {
    this.#deps = deps;
  }

  write(line: RefusalLine): void {
    const second = Math.floor(this.#deps.nowMs() / 1000);
    let window = this.#windows.get(line.reason);
    if (window === undefined) {
      window = { second, lines: 0, omitted: 0 };
      this.#windows.set(line.reason, window);
    }
    if (window.second !== second) {
      window.second = second;
      window.lines = 0;
    }
    if (window.lines >= LINES_PER_SECOND) {
      window.omitted += 1;
      this.#deps.onOmitted(line.reason);
      return;
    }
    window.lines += 1;
    const { isShadow, tool, method, ...said } = line;
    const text = isShadow ? 'would have refused' : 'refused';
    const names = { ...(method !== undefined && { method: bounded(method) }), ...(tool !== undefined && { tool: bounded(tool) }) };
    this.#deps.log().info({ ...said, ...names, ...(window.omitted > 0 && { omitted: window.omitted }) }, text);
    window.omitted = 0;
  }
}

/** A name may be as long as a body: of one that nobody configured a piece is enough. */
const bounded = (name: string): string => (name.length <= 128 ? name : `${name.slice(0, 127)}…`);
