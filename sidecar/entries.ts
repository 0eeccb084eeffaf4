import { anonymous } from '../src/identity/identify.ts';
import { renderIssue } from '../src/lib/issue-text.ts';
import type { RemoteEntry, Settings } from '../src/settings/settings.ts';
import type { SkippedEntry } from '../src/settings/skip-entries.ts';
import type { Check } from './admin.ts';
import { type Entry, type EntryDeps, startEntry } from './entry.ts';
import { refusingUpstream } from './entry-gateway.ts';
import { skipped as skippedRefusal, unknownEntry } from './entry-refusals.ts';
import type { Exchange } from './exchange.ts';
import type { UpstreamRefusal, UpstreamRequest } from './forward.ts';
import { noSessions } from './no-sessions.ts';
import { createPipeline } from './pipeline.ts';
import { RefusalLog } from './refusal-log.ts';

/** The label of what belongs to no entry: no name is empty. */
const NONE = '';

/** All remote entries of a pod, behind one loopback listener: `/<entry>` and what is below it. */
export class Entries {
  readonly #deps: EntryDeps;
  readonly #entries = new Map<string, Entry>();
  #skipped: readonly SkippedEntry[] = [];
  /** For what is at no entry's path: judged like any other request, so that its answer has its id. */
  readonly #answerUnknown: (exchange: Exchange) => Promise<void>;

  constructor(deps: EntryDeps) {
    this.#deps = deps;
    const upstream = refusingUpstream((request) => this.#refusal(request));
    const metrics = deps.metrics.of(NONE);
    const sessions = noSessions({ upstream, metrics });
    this.#answerUnknown = createPipeline({
      inEffect: () => {
        const present = deps.inEffect();
        if (present === undefined) return undefined;
        const { identity: _identity, rateLimit: _rateLimit, ...settings } = present.settings;
        return { settings: { ...settings, paths: [] }, identify: () => anonymous, limiter: undefined, sessions };
      },
      upstream,
      upstreams: [],
      upstreamHost: 'localhost',
      maxBodyBytes: deps.options.maxBodyBytes,
      isDraining: deps.isDraining,
      metrics,
      refusalLog: new RefusalLog({ log: () => deps.log, nowMs: deps.nowMs, onOmitted: deps.onOmittedLine }),
    });
  }

  /** Once in a life, as entries change with a restart only. Resolves once their files were read; does not reject. */
  async start(entries: readonly RemoteEntry[], skipped: readonly SkippedEntry[]): Promise<void> {
    const { log } = this.#deps;
    const failed = entries.flatMap((entry, index) => this.#startOne(entry, index));
    this.#skipped = [...skipped, ...failed];
    log.info({ entries: [...this.#entries.keys()] }, 'remote entries');
    for (const { name, index, issues } of this.#skipped) {
      log.error({ entry: name ?? index, problem: issues.map(renderIssue).join('; ') }, 'entry left out, as it is not valid');
    }
    await Promise.all([...this.#entries.values()].map(({ started }) => started));
  }

  /** A bug of ours in one entry must cost no more than that entry. */
  #startOne(entry: RemoteEntry, index: number): SkippedEntry[] {
    try {
      this.#entries.set(entry.name, startEntry(entry, this.#deps));
      return [];
    } catch (error) {
      const message = `a bug: it cannot be started (${(error as Error).message})`;
      return [{ name: entry.name, index, issues: [{ code: 'BUG', path: ['remote-entries', index], message }] }];
    }
  }

  answer(exchange: Exchange): Promise<void> {
    const name = nameIn(exchange.request.url ?? '');
    const entry = name === undefined ? undefined : this.#entries.get(name);
    return entry === undefined ? this.#answerUnknown(exchange) : entry.answer(exchange);
  }

  /** One for each entry; none of them stands between the pod and its traffic. */
  checks(): Check[] {
    const left = this.#skipped.map(
      ({ name, index, issues }): Check => ({
        name: `entry:${name ?? index}`,
        isHeld: false,
        reason: `left out: ${issues.map(renderIssue).join('; ')}`,
        isAdvisory: true,
      }),
    );
    return [...left, ...[...this.#entries.values()].map((entry) => entry.check())];
  }

  /** Limits on sessions change while the process runs. */
  retune(settings: Settings): void {
    for (const { sessions } of this.#entries.values()) sessions.retune(settings);
  }

  /** Gives the places of this pod's sessions back. */
  async leave(): Promise<void> {
    await Promise.all([...this.#entries.values()].map(({ sessions }) => sessions.stop()));
  }

  async close(): Promise<void> {
    await Promise.all([...this.#entries.values()].map((entry) => entry.close()));
  }

  #refusal({ target }: UpstreamRequest): UpstreamRefusal {
    const name = nameIn(target);
    const left = this.#skipped.find((each) => each.name === name);
    if (name !== undefined && left !== undefined) return skippedRefusal(name, left.issues.map(renderIssue).join('; '));
    return unknownEntry(target, [...this.#entries.keys()]);
  }
}

/** The first segment of a path, to the letter: no other spelling reaches an entry. */
function nameIn(target: string): string | undefined {
  return /^\/([^/?#]+)(?=[/?]|$)/.exec(target)?.[1];
}
