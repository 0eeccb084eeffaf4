import { readFile } from 'node:fs/promises';
import type { SecureContext } from 'node:tls';
import { type CaBundle, day, daysUntil, readCaBundle } from '../src/lib/ca-bundle.ts';
import type { RemoteEntry } from '../src/settings/settings.ts';
import { trustingBundle, trustingRoots } from './entry-contexts.ts';
import type { EntryEvents } from './entry-events.ts';

/** With up to a second of the kubelet's own between its swap and our next look, well within the two promised. */
const POLL_MS = 1_000;
const WARN_AT_DAYS = [30, 7] as const;

export type Security =
  | { readonly kind: 'plain' }
  | { readonly kind: 'tls'; readonly context: SecureContext }
  /** Nothing to verify with: nothing is dialled. */
  | { readonly kind: 'unusable'; readonly problem: string };

export interface EntryTrustDeps {
  readonly caFile: string | undefined;
  readonly nowMs: () => number;
  readonly events: EntryEvents;
  /** Called after each change of what is trusted, the first one among them. */
  readonly onChange: () => void;
}

/**
 * What an entry's connections are verified with, now. It can be made from the entry only, and nothing is dialled
 * without one: where the entry names a bundle, there is no context before that bundle was read.
 *
 * The content is polled, not watched, as the kubelet swaps a symlink above the file. A text that is no bundle changes
 * nothing; where none was ever good, the entry waits for one.
 */
export class EntryTrust {
  readonly #entry: RemoteEntry;
  readonly #deps: EntryTrustDeps;
  readonly #caFile: string | undefined;
  #security: Security;
  #bundle: CaBundle | undefined;
  #lastText: string | undefined;
  #problem: string | undefined;
  #warnedAtDays = Number.POSITIVE_INFINITY;
  #timer: NodeJS.Timeout | undefined;
  #isStopped = false;

  constructor(entry: RemoteEntry, deps: EntryTrustDeps) {
    this.#entry = entry;
    this.#deps = deps;
    this.#caFile = entry.caBundle && deps.caFile;
    const isPlain = new URL(entry.url).protocol === 'http:';
    // The settings refuse these; nothing later may take their absence for a yes.
    if (isPlain && (!entry.allowInsecure || entry.caBundle)) throw new Error(`bug: entry ${entry.name} may not be asked without TLS`);
    if (entry.caBundle && deps.caFile === undefined) throw new Error(`bug: nobody said where the CA bundle of entry ${entry.name} is`);
    if (isPlain) this.#security = { kind: 'plain' };
    else if (this.#caFile === undefined) this.#security = { kind: 'tls', context: trustingRoots() };
    else this.#security = { kind: 'unusable', problem: this.#describe('was not read yet') };
  }

  get security(): Security {
    return this.#security;
  }

  /** Why the file's present content is not in effect, though an earlier one is. */
  get reloadProblem(): string | undefined {
    return this.#bundle && this.#problem;
  }

  /** Set where a certificate of the bundle ends within 30 days. */
  get ending(): string | undefined {
    const { days, endMs } = this.#untilEnd();
    if (days >= WARN_AT_DAYS[0]) return undefined;
    const when = days < 0 ? `expired on ${day(endMs)}` : `ends on ${day(endMs)}, in ${days} days`;
    return this.#describe(`has a certificate that ${when}; add its successor`);
  }

  async start(): Promise<void> {
    if (this.#caFile === undefined) return;
    await this.poll();
    if (!this.#isStopped) this.#timer = setTimeout(() => void this.start(), POLL_MS).unref();
  }

  stop(): void {
    this.#isStopped = true;
    clearTimeout(this.#timer);
  }

  /** Takes up the file's content where it has changed since. */
  async poll(): Promise<void> {
    if (this.#caFile === undefined) return;
    let text: string | undefined;
    try {
      text = await readFile(this.#caFile, 'utf8');
    } catch (error) {
      if (this.#isStopped) return;
      this.#lastText = undefined;
      const problem = this.#unreadable((error as NodeJS.ErrnoException).code);
      // Found anew with each look.
      if (problem !== this.#problem) this.#refuse(problem);
    }
    if (text !== undefined && text !== this.#lastText && !this.#isStopped) {
      this.#lastText = text;
      this.#judge(text);
    }
    this.#warnOfEnd();
  }

  #judge(text: string): void {
    const bundle = readCaBundle(text, this.#deps.nowMs());
    if ('problem' in bundle) {
      this.#refuse(this.#describe(bundle.problem));
      return;
    }
    this.#problem = undefined;
    // Written anew with the same certificates: no reason to give connections up.
    if (bundle.pem === this.#bundle?.pem) return;
    try {
      const context = trustingBundle(bundle.pem, { isExclusive: this.#entry.caBundle?.exclusive ?? false });
      this.#security = { kind: 'tls', context };
    } catch (error) {
      this.#refuse(this.#describe(`cannot be used (${(error as NodeJS.ErrnoException).code ?? 'OpenSSL refuses it'})`));
      return;
    }
    this.#bundle = bundle;
    this.#warnedAtDays = Number.POSITIVE_INFINITY;
    this.#deps.events.onCaReload?.({ certificates: bundle.certificates, earliestEndMs: bundle.earliestEndMs });
    this.#deps.onChange();
  }

  #refuse(problem: string): void {
    this.#problem = problem;
    if (this.#bundle === undefined) this.#security = { kind: 'unusable', problem };
    this.#deps.events.onCaReloadFailure?.(problem);
  }

  #warnOfEnd(): void {
    const { days } = this.#untilEnd();
    const reached = WARN_AT_DAYS.filter((limit) => days < limit).at(-1);
    if (reached === undefined || reached >= this.#warnedAtDays) return;
    this.#warnedAtDays = reached;
    if (this.ending !== undefined) this.#deps.events.onWarning?.(this.ending);
  }

  #untilEnd(): { days: number; endMs: number } {
    const endMs = this.#bundle?.earliestEndMs ?? Number.POSITIVE_INFINITY;
    return { days: daysUntil(endMs, this.#deps.nowMs()), endMs };
  }

  /** `ENOENT` is the file of an optional volume whose ConfigMap is not there, or has no such key. */
  #unreadable(code: string | undefined): string {
    const { caBundle } = this.#entry;
    const isMissing = code === 'ENOENT' && caBundle && 'configMap' in caBundle;
    return this.#describe(isMissing ? "does not exist in the pod's namespace" : `cannot be read (${code ?? 'unknown error'})`);
  }

  #describe(what: string): string {
    const { name, caBundle } = this.#entry;
    const where = caBundle && 'configMap' in caBundle ? `ConfigMap "${caBundle.configMap}", key "${caBundle.key}"` : this.#caFile;
    return `The CA bundle of remote entry "${name}" (${where}) ${what}`;
  }
}
