import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { EndReason } from '../src/policy/session-admission.ts';

/** What became of one metered call. */
export type CallDecision = 'allowed' | 'limited' | 'would_limit' | 'failed_open' | 'failed_closed';

/** Where an exchange with the upstream broke. */
export type UpstreamBreak = 'connect' | 'head' | 'body';

/** Known by its `initialize`, by its stream (MCP 2024-11-05), or only by its id. */
export type SessionStart = 'initialize' | 'stream' | 'adopted';

/** By its client (`deleted`, `closed` with its stream), by the upstream (`gone`), or by us. */
export type SessionEnd = 'deleted' | 'closed' | 'gone' | EndReason;

/** What is counted of sessions. */
export type SessionMetrics = Pick<Metrics, 'countSessionOpened' | 'countSessionEnded' | 'countSessionAnomaly'>;

/** What a pipeline counts. */
export type PipelineMetrics = Pick<Metrics, 'countMessage' | 'countCall' | 'countRefusal' | 'countResponse' | 'countBreak'>;

/**
 * Everything that is counted. Labels come from fixed sets and from the
 * configuration, never from what a client sends, so that no client can make the
 * page grow.
 */
export class Metrics {
  readonly registry = new Registry();
  readonly #children = new Map<string, Counter.Internal>();

  readonly #messages = this.#counter('mcp_sluice_messages_total', 'Messages received, by kind.', ['kind']);
  readonly #calls = this.#counter('mcp_sluice_calls_total', 'Metered calls, by configured tool and decision.', [
    'tool',
    'method',
    'decision',
  ]);
  readonly #refusals = this.#counter('mcp_sluice_refusals_total', 'Refusals, by rung and mode.', ['rung', 'mode']);
  readonly #responses = this.#counter('mcp_sluice_upstream_responses_total', 'Responses of the upstream, by class.', ['class']);
  readonly #breaks = this.#counter('mcp_sluice_upstream_failures_total', 'Exchanges broken by the upstream.', ['phase']);
  readonly #aborts = this.#counter('mcp_sluice_client_aborts_total', 'Exchanges broken by the client.', []);
  readonly #redisErrors = this.#counter('mcp_sluice_redis_errors_total', 'Commands that Redis did not answer, by reason.', ['reason']);
  readonly #failOpen = this.#counter('mcp_sluice_fail_open_total', 'Calls that passed unchecked as Redis did not answer.', []);
  readonly #local = this.#counter('mcp_sluice_local_decisions_total', 'Calls judged by a local bucket as Redis did not answer.', []);
  readonly #localExcess = this.#counter(
    'mcp_sluice_local_excess_tokens_total',
    "Tokens that local buckets gave beyond this replica's share, as a call takes whole ones.",
    [],
  );
  readonly #replicas = this.#gauge('mcp_sluice_replicas', 'Replicas that share the limits, as Redis last counted them.', []);
  readonly #omitted = this.#counter('mcp_sluice_log_lines_omitted_total', 'Lines left out of the log.', ['reason']);
  readonly #limiter = new Histogram({
    name: 'mcp_sluice_limiter_seconds',
    help: 'Time that a decision took.',
    buckets: [0.0005, 0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25],
    registers: [this.registry],
  });
  readonly #breakerOpen = this.#gauge('mcp_sluice_breaker_open', '1 while Redis is not asked.', []);
  readonly #generation = this.#gauge('mcp_sluice_configuration_generation', 'Configurations taken up in this life.', []);
  readonly #reloadSuccess = this.#gauge(
    'mcp_sluice_configuration_last_reload_success',
    '0 where the file holds an invalid configuration.',
    [],
  );
  readonly #reloadTime = this.#gauge(
    'mcp_sluice_configuration_last_success_timestamp_seconds',
    'When a configuration was last taken up.',
    [],
  );
  readonly #issuerFailures = this.#counter(
    'mcp_sluice_issuer_failures_total',
    'Times that the issuer of tokens gave no keys when asked.',
    [],
  );
  readonly #issuerKeys = this.#gauge('mcp_sluice_issuer_keys', 'Keys of the issuer that can verify tokens.', []);
  readonly #issuerTime = this.#gauge('mcp_sluice_issuer_last_success_timestamp_seconds', 'When the issuer last gave its keys.', []);
  readonly #bypass = this.#gauge('mcp_sluice_capture_bypass', '1 for an address that is not held.', ['address']);
  readonly #sessionsOpened = this.#counter('mcp_sluice_sessions_opened_total', 'Sessions that got a place, by how they came.', ['how']);
  readonly #sessionsEnded = this.#counter('mcp_sluice_sessions_ended_total', 'Sessions that gave their place back, by reason.', ['reason']);
  readonly #sessionAnomalies = this.#counter(
    'mcp_sluice_session_anomalies_total',
    'Session ids that the upstream gave without being asked for a session.',
    ['mode'],
  );
  readonly #shadow = this.#gauge('mcp_sluice_shadow', '1 in shadow mode.', []);

  constructor(sources: { readonly bufferedBytes: () => number; readonly inFlight: () => number; readonly sessions: () => number }) {
    this.#sampled('mcp_sluice_buffered_bytes', 'Bytes of request bodies held in memory.', sources.bufferedBytes);
    this.#sampled('mcp_sluice_in_flight_requests', 'Requests in flight, streams among them.', sources.inFlight);
    this.#sampled('mcp_sluice_sessions', 'Sessions of this pod.', sources.sessions);
    this.#sampled('process_resident_memory_bytes', 'Resident memory size in bytes.', () => process.memoryUsage.rss());
  }

  countMessage(kind: string): void {
    this.#child(this.#messages, kind).inc();
  }

  countCall(call: { readonly tool: string; readonly method: string }, decision: CallDecision): void {
    this.#child(this.#calls, call.tool, call.method, decision).inc();
  }

  countRefusal(rung: string, isShadow: boolean): void {
    this.#child(this.#refusals, rung, isShadow ? 'shadow' : 'enforce').inc();
  }

  countResponse(status: number): void {
    this.#child(this.#responses, `${Math.floor(status / 100)}xx`).inc();
  }

  countBreak(phase: UpstreamBreak): void {
    this.#child(this.#breaks, phase).inc();
  }

  countAbort(): void {
    this.#aborts.inc();
  }

  countRedisError(reason: string): void {
    this.#child(this.#redisErrors, reason).inc();
  }

  countFailOpen(): void {
    this.#failOpen.inc();
  }

  countLocalDecision(excessTokens: number): void {
    this.#local.inc();
    this.#localExcess.inc(excessTokens);
  }

  setReplicas(count: number): void {
    this.#replicas.set(count);
  }

  countOmittedLine(reason: string): void {
    this.#child(this.#omitted, reason).inc();
  }

  observeDecision(seconds: number): void {
    this.#limiter.observe(seconds);
  }

  setBreakerOpen(isOpen: boolean): void {
    this.#breakerOpen.set(Number(isOpen));
  }

  setConfiguration(generation: number, isShadow: boolean): void {
    this.#generation.set(generation);
    this.#shadow.set(Number(isShadow));
  }

  setReload(isSuccess: boolean): void {
    this.#reloadSuccess.set(Number(isSuccess));
    if (isSuccess) this.#reloadTime.setToCurrentTime();
  }

  countIssuerFailure(): void {
    this.#issuerFailures.inc();
  }

  setIssuerKeys(count: number): void {
    this.#issuerKeys.set(count);
    this.#issuerTime.setToCurrentTime();
  }

  countSessionOpened(how: SessionStart): void {
    this.#child(this.#sessionsOpened, how).inc();
  }

  countSessionEnded(reason: SessionEnd): void {
    this.#child(this.#sessionsEnded, reason).inc();
  }

  countSessionAnomaly(isShadow: boolean): void {
    this.#child(this.#sessionAnomalies, isShadow ? 'shadow' : 'enforce').inc();
  }

  setBypass(address: string, isBypassed: boolean): void {
    this.#bypass.labels(address).set(Number(isBypassed));
  }

  /** The counter of one set of label values, looked up once. */
  #child(counter: Counter<string>, ...values: string[]): Counter.Internal {
    const key = `${(counter as unknown as { name: string }).name}\0${values.join('\0')}`;
    let child = this.#children.get(key);
    if (child === undefined) {
      child = counter.labels(...values);
      this.#children.set(key, child);
    }
    return child;
  }

  #counter(name: string, help: string, labelNames: string[]): Counter<string> {
    return new Counter({ name, help, labelNames, registers: [this.registry] });
  }

  #gauge(name: string, help: string, labelNames: string[]): Gauge<string> {
    return new Gauge({ name, help, labelNames, registers: [this.registry] });
  }

  #sampled(name: string, help: string, read: () => number): void {
    new Gauge({
      name,
      help,
      registers: [this.registry],
      collect() {
        this.set(read());
      },
    });
  }
}
