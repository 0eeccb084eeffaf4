import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { Admitted } from '../src/inject/admit.ts';

/** Reasons are codes of our own; should one ever be made of a user's text, the metrics stay small all the same. */
const MAX_REASONS = 100;

export interface ReviewSeen {
  readonly kind: string;
  readonly outcome: Admitted['outcome'];
  readonly reasons: readonly string[];
  readonly durationMs: number;
}

export interface Metrics {
  readonly registry: Registry;
  reviewed(review: ReviewSeen): void;
  /** Reviews that got no judgement. */
  failed(reason: 'malformed' | 'internal' | 'deadline' | 'too_large' | 'overload'): void;
  upkeepFailed(duty: string): void;
}

export function createMetrics(certificateExpiryMs: () => number | undefined, clock: () => number): Metrics {
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
  const failures = new Counter({
    name: 'mcp_sluice_webhook_review_failures_total',
    help: 'Requests to /mutate that got no judgement; the failure policy decided.',
    labelNames: ['reason'],
    registers,
  });
  const duration = new Histogram({
    name: 'mcp_sluice_webhook_review_duration_seconds',
    help: 'Time from the review being read to its answer.',
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5],
    registers,
  });
  const upkeepFailures = new Counter({
    name: 'mcp_sluice_webhook_upkeep_failures_total',
    help: 'Failed looks after the certificate, caBundle and the published images.',
    labelNames: ['duty'],
    registers,
  });
  new Gauge({
    name: 'mcp_sluice_webhook_certificate_expiry_seconds',
    help: 'Seconds until the certificate that is served ends.',
    registers,
    collect() {
      const endMs = certificateExpiryMs();
      if (endMs !== undefined) this.set(Math.round((endMs - clock()) / 1000));
    },
  });
  collectDefaultMetrics({ register: registry });
  return {
    registry,
    reviewed(review) {
      reviews.inc({ kind: review.kind, outcome: review.outcome });
      for (const reason of review.reasons) reasons.inc({ outcome: review.outcome, reason: bounded(reason) });
      duration.observe(review.durationMs / 1000);
    },
    failed: (reason) => failures.inc({ reason }),
    upkeepFailed: (duty) => upkeepFailures.inc({ duty }),
  };
}
