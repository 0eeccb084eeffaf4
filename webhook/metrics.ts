import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { Admitted } from '../src/inject/admit.ts';
import { VERSION } from '../src/inject/stamp.ts';
import { JUDGED_KINDS } from './judge.ts';

/** Reasons are codes of our own; should one ever be made of a user's text, the metrics stay small all the same. */
const MAX_REASONS = 100;
/** Whoever reaches the port can send reviews of kinds that do not exist. */
const KINDS: ReadonlySet<string> = new Set(JUDGED_KINDS.keys());

export interface ReviewSeen {
  readonly kind: string;
  readonly outcome: Admitted['outcome'];
  readonly reasons: readonly string[];
  /** Codes of what was warned of. */
  readonly warned: readonly string[];
  readonly durationMs: number;
}

export interface Metrics {
  readonly registry: Registry;
  reviewed(review: ReviewSeen): void;
  /** Reviews that got no judgement. */
  failed(reason: 'malformed' | 'internal' | 'deadline' | 'too_large' | 'overload'): void;
  upkeepFailed(duty: string): void;
  /** Undefined: this replica has no report, or not any more. */
  reported(report: { readonly counts: Readonly<Record<string, number>>; readonly atMs: number } | undefined): void;
  eventHandled(reason: string, fate: string): void;
}

/** What is told when it is asked for; times in milliseconds since 1970, undefined where they are not known. */
export interface Gauged {
  readonly leafExpiryMs: () => number | undefined;
  readonly authorityExpiryMs: () => number | undefined;
  /** Whether the apiserver takes what is served. */
  readonly isTrusted: () => boolean;
  readonly clock: () => number;
}

export function createMetrics({ leafExpiryMs, authorityExpiryMs, isTrusted, clock }: Gauged): Metrics {
  const registry = new Registry();
  const registers = [registry];
  const known = new Set<string>();
  const bounded = (reason: string) => {
    if (known.size < MAX_REASONS) known.add(reason);
    return known.has(reason) ? reason : 'other';
  };
  const reviews = new Counter({
    name: 'mcp_sluice_webhook_reviews_total',
    help: 'Admission reviews that were judged, by what became of them.',
    labelNames: ['kind', 'outcome'],
    registers,
  });
  const reasons = new Counter({
    name: 'mcp_sluice_webhook_review_reasons_total',
    help: 'Why objects were denied or left alone; one review can have several reasons.',
    labelNames: ['outcome', 'reason'],
    registers,
  });
  const warnings = new Counter({
    name: 'mcp_sluice_webhook_review_warnings_total',
    help: 'What was warned of in the answers to reviews.',
    labelNames: ['code'],
    registers,
  });
  const failures = new Counter({
    name: 'mcp_sluice_webhook_review_failures_total',
    help: 'Requests to /mutate that got no judgement; the failure policy decided.',
    labelNames: ['reason'],
    registers,
  });
  const duration = new Histogram({
    name: 'mcp_sluice_webhook_review_duration_seconds',
    help: "Time from a request's head to its answer being handed to the connection.",
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5],
    registers,
  });
  const upkeepFailures = new Counter({
    name: 'mcp_sluice_webhook_upkeep_failures_total',
    help: 'Failed looks after the certificate, caBundle and the published images.',
    labelNames: ['duty'],
    registers,
  });
  const pods = new Gauge({
    name: 'mcp_sluice_webhook_pods',
    help: 'Running pods by how they stand to what the webhook would make of them now; told by one replica.',
    labelNames: ['state'],
    registers,
  });
  const reportedAt = new Gauge({
    name: 'mcp_sluice_webhook_report_timestamp_seconds',
    help: 'When the pods were last counted, in seconds since 1970; told by one replica.',
    labelNames: [],
    registers,
  });
  const events = new Counter({
    name: 'mcp_sluice_webhook_events_total',
    help: 'Events for owners of pods, by what became of them; known ones were there already.',
    labelNames: ['reason', 'fate'],
    registers,
  });
  const gauge = (name: string, help: string, read: () => number | undefined) =>
    new Gauge({
      ...{ name, help, registers },
      collect() {
        const value = read();
        // Once it had none it says 0: a certificate that ends now, to whoever is woken by it.
        if (value === undefined) this.remove();
        else this.set(value);
      },
    });
  const secondsUntil = (endMs: number | undefined) => (endMs === undefined ? undefined : Math.round((endMs - clock()) / 1000));
  new Gauge({ name: 'mcp_sluice_webhook_info', help: '1; the version that runs.', labelNames: ['version'], registers }).set(
    { version: VERSION },
    1,
  );
  gauge('mcp_sluice_webhook_certificate_expiry_seconds', 'Seconds until the certificate that is served ends.', () =>
    secondsUntil(leafExpiryMs()),
  );
  gauge(
    'mcp_sluice_webhook_ca_expiry_seconds',
    'Seconds until the CA that signs ends; a new one is made in the last third of its life.',
    () => secondsUntil(authorityExpiryMs()),
  );
  gauge('mcp_sluice_webhook_certificate_trusted', '1 while what is served verifies against the published caBundle, else 0.', () =>
    isTrusted() ? 1 : 0,
  );
  collectDefaultMetrics({ register: registry });
  return {
    registry,
    reviewed(review) {
      reviews.inc({ kind: KINDS.has(review.kind) ? review.kind : 'other', outcome: review.outcome });
      for (const code of review.warned) warnings.inc({ code: bounded(code) });
      for (const reason of review.reasons) reasons.inc({ outcome: review.outcome, reason: bounded(reason) });
      duration.observe(review.durationMs / 1000);
    },
    failed: (reason) => failures.inc({ reason }),
    upkeepFailed: (duty) => upkeepFailures.inc({ duty }),
    reported(report) {
      pods.reset();
      // A gauge without labels says 0 once it is reset, which is 1970.
      reportedAt.remove();
      if (report === undefined) return;
      for (const [state, count] of Object.entries(report.counts)) pods.set({ state }, count);
      reportedAt.set(Math.round(report.atMs / 1000));
    },
    eventHandled: (reason, fate) => events.inc({ reason, fate }),
  };
}
