import type { Registry } from 'prom-client';
import type { Settings } from '../src/settings/settings.ts';
import type { Check } from './admin.ts';
import { BUFFER_LIMIT_BYTES, ByteBudget } from './byte-budget.ts';
import { renderEarlyRefusal } from './early-refusal.ts';
import { Entries } from './entries.ts';
import type { EntryDeps } from './entry.ts';
import { EntryMetrics } from './entry-metrics.ts';
import { InFlight } from './in-flight.ts';
import { Listeners, renderAddress } from './listeners.ts';
import type { Address } from './option-values.ts';
import { RefusalLog } from './refusal-log.ts';
import { createProxyServer } from './server.ts';

/** What bodies for remotes that do not answer may take of what all bodies may: what comes in has the rest. */
const ENTRIES_BUFFER_LIMIT_BYTES = BUFFER_LIMIT_BYTES / 2;
/** Streams among them, beside as many of inbound traffic as ever: some 30 MB. */
const ENTRIES_IN_FLIGHT_LIMIT = 1_000;

export interface EntryListenerDeps extends Omit<EntryDeps, 'metrics' | 'budget'> {
  readonly address: Address;
  /** Of the whole sidecar. */
  readonly budget: ByteBudget;
  readonly registry: Registry;
  readonly onAbort: () => void;
}

/** Where the app reaches its remote entries. However many calls hang here, inbound traffic has room. */
export class EntryListener {
  readonly #entries: Entries;
  readonly #listeners: Listeners;
  readonly #inFlight = new InFlight();
  #started: Promise<void> | undefined;

  constructor({ address, budget, registry, onAbort, ...deps }: EntryListenerDeps) {
    const { log, nowMs } = deps;
    const metrics = new EntryMetrics(registry, { nowMs });
    const bodies = new ByteBudget(ENTRIES_BUFFER_LIMIT_BYTES, budget);
    this.#entries = new Entries({ ...deps, metrics, budget: bodies });
    this.#listeners = new Listeners(([held]) => {
      if (held?.error !== undefined)
        log.error({ address: renderAddress(address), error: held.error }, 'address of the remote entries not held');
    });
    const ofNone = metrics.of('');
    const refusalLog = new RefusalLog({ log: () => log, nowMs, onOmitted: deps.onOmittedLine });
    const server = createProxyServer({
      isLoopbackListener: true,
      budget: bodies,
      inFlight: this.#inFlight,
      maxInFlight: ENTRIES_IN_FLIGHT_LIMIT,
      answer: (exchange) => this.#entries.answer(exchange),
      onEarlyRefusal: (refusal) => {
        const { rung, status } = renderEarlyRefusal(refusal);
        ofNone.countRefusal(rung, false);
        refusalLog.write({ reason: rung, status, isShadow: false });
      },
      onAbort,
      onBug: (error) => log.error({ error: error instanceof Error ? error.stack : String(error) }, 'bug: exchange with an entry given up'),
    });
    this.#listeners.add(address, server);
  }

  get inFlight(): number {
    return this.#inFlight.count;
  }

  get port(): number | undefined {
    return this.#listeners.held[0]?.port;
  }

  /** Takes up the entries of the first configuration; those of later ones take effect with a restart. */
  begin(...[entries, skipped]: Parameters<Entries['start']>): void {
    this.#started ??= this.#entries.start(entries, skipped);
  }

  retune(settings: Settings): void {
    this.#entries.retune(settings);
  }

  /** Resolves once the address was tried, after the files of the entries were read where they are known. */
  async open(): Promise<void> {
    await this.#started;
    await this.#listeners.open();
  }

  startup(): Check {
    const [held] = this.#listeners.held;
    return { name: 'entries', isHeld: this.#listeners.areAllHeld, reason: held?.error && `${renderAddress(held.address)} ${held.error}` };
  }

  checks(): Check[] {
    return this.#entries.checks();
  }

  stopAccepting(): void {
    this.#listeners.close();
  }

  cut(): void {
    this.#listeners.destroy();
  }

  /** Gives the places of this pod's sessions back. */
  leave(): Promise<void> {
    return this.#entries.leave();
  }

  close(): Promise<void> {
    this.stopAccepting();
    this.cut();
    return this.#entries.close();
  }
}
