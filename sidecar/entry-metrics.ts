import { Counter, Gauge, type Registry } from 'prom-client';
import type { EntryCause } from './entry-fault.ts';
import type { PipelineMetrics, SessionMetrics } from './metrics.ts';

const DAY_MS = 86_400_000;

/** What an entry is asked for when the page is read. */
export interface EntryState {
  readonly isUsable: () => boolean;
  /** Sessions that the app of this pod has there. */
  readonly sessions: () => number;
}

/** What is counted of remote entries; labels are names out of the configuration and of fixed sets. */
export class EntryMetrics {
  readonly #registry: Registry;
  readonly #nowMs: () => number;
  readonly #states = new Map<string, EntryState>();
  readonly #caEndMs = new Map<string, number>();
  readonly #messages: Counter<string>;
  readonly #calls: Counter<string>;
  readonly #refusals: Counter<string>;
  readonly #responses: Counter<string>;
  readonly #breaks: Counter<string>;
  readonly #faults: Counter<string>;
  readonly #sessionsOpened: Counter<string>;
  readonly #sessionsEnded: Counter<string>;
  readonly #sessionAnomalies: Counter<string>;
  readonly #caFailures: Counter<string>;
  readonly #breaker: Gauge<string>;
  readonly #inFlight: Gauge<string>;

  constructor(registry: Registry, { nowMs }: { readonly nowMs: () => number }) {
    this.#registry = registry;
    this.#nowMs = nowMs;
    this.#messages = this.#counter('messages_total', 'Messages of the app to an entry, by kind.', ['kind']);
    this.#calls = this.#counter('calls_total', 'Metered calls to an entry, by configured tool and decision.', [
      'tool',
      'method',
      'decision',
    ]);
    this.#refusals = this.#counter('refusals_total', 'Refusals in place of an entry, by rung and mode.', ['rung', 'mode']);
    this.#responses = this.#counter('responses_total', "Responses of an entry's remote, by class.", ['class']);
    this.#breaks = this.#counter('failures_total', 'Exchanges with an entry that got no whole answer, by how far they came.', ['phase']);
    this.#faults = this.#counter('faults_total', "Connections and calls to an entry's remote that came to nothing, by cause.", ['cause']);
    this.#sessionsOpened = this.#counter('sessions_opened_total', 'Sessions at an entry that got a place, by how they came.', ['how']);
    this.#sessionsEnded = this.#counter('sessions_ended_total', 'Sessions at an entry that gave their place back, by reason.', ['reason']);
    this.#sessionAnomalies = this.#counter(
      'session_anomalies_total',
      "Session ids that an entry's remote gave without being asked for a session.",
      ['mode'],
    );
    this.#caFailures = this.#counter('ca_reload_failures_total', "Contents of an entry's CA bundle that were refused.", []);
    this.#breaker = this.#gauge('breaker_open', "1 while an entry's remote is not asked.", () => undefined);
    this.#inFlight = this.#gauge('in_flight', "Calls and streams under way at an entry's remote.", () => undefined);
    this.#gauge('up', '1 where an entry can be used as far as its bundle and its headers go.', (gauge) => {
      for (const [entry, { isUsable }] of this.#states) gauge.labels(entry).set(Number(isUsable()));
    });
    this.#gauge('sessions', "Sessions of this pod's app at an entry.", (gauge) => {
      for (const [entry, { sessions }] of this.#states) gauge.labels(entry).set(sessions());
    });
    this.#gauge('ca_days_left', "Days until the first certificate of an entry's CA bundle ends.", (gauge) => {
      for (const [entry, endMs] of this.#caEndMs) gauge.labels(entry).set((endMs - this.#nowMs()) / DAY_MS);
    });
  }

  /** To be called once for each entry; what was never counted stands there as 0. */
  add(entry: string, state: EntryState): void {
    this.#states.set(entry, state);
    this.#caFailures.labels(entry).inc(0);
  }

  /** What the pipeline of an entry counts, and its sessions. */
  of(entry: string): PipelineMetrics & SessionMetrics {
    return {
      countMessage: (kind) => this.#messages.labels(entry, kind).inc(),
      countCall: ({ tool, method }, decision) => this.#calls.labels(entry, tool, method, decision).inc(),
      countRefusal: (rung, isShadow) => this.#refusals.labels(entry, rung, isShadow ? 'shadow' : 'enforce').inc(),
      countResponse: (status) => this.#responses.labels(entry, `${Math.floor(status / 100)}xx`).inc(),
      countBreak: (phase) => this.#breaks.labels(entry, phase).inc(),
      countSessionOpened: (how) => this.#sessionsOpened.labels(entry, how).inc(),
      countSessionEnded: (reason) => this.#sessionsEnded.labels(entry, reason).inc(),
      countSessionAnomaly: (isShadow) => this.#sessionAnomalies.labels(entry, isShadow ? 'shadow' : 'enforce').inc(),
    };
  }

  countFault(entry: string, cause: EntryCause): void {
    this.#faults.labels(entry, cause).inc();
  }

  countCaReloadFailure(entry: string): void {
    this.#caFailures.labels(entry).inc();
  }

  setCaEnd(entry: string, endMs: number): void {
    this.#caEndMs.set(entry, endMs);
  }

  setBreakerOpen(entry: string, isOpen: boolean): void {
    this.#breaker.labels(entry).set(Number(isOpen));
  }

  setInFlight(entry: string, count: number): void {
    this.#inFlight.labels(entry).set(count);
  }

  #counter(name: string, help: string, labelNames: readonly string[]): Counter<string> {
    return new Counter({ name: `mcp_sluice_entry_${name}`, help, labelNames: ['entry', ...labelNames], registers: [this.#registry] });
  }

  #gauge(name: string, help: string, collect: (gauge: Gauge<string>) => void): Gauge<string> {
    return new Gauge({
      name: `mcp_sluice_entry_${name}`,
      help,
      labelNames: ['entry'],
      registers: [this.#registry],
      collect() {
        collect(this);
      },
    });
  }
}
