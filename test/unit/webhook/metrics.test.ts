import { describe, expect, it } from 'vitest';
import { createMetrics } from '../../../webhook/metrics.ts';

describe('metrics of the webhook', () => {
  it('[webhook:metrics] counts reviews by outcome and reason, and tells how long the certificate lasts', async () => {
    const metrics = createMetrics(
      () => 61_000,
      () => 1000,
    );
    metrics.reviewed({ kind: 'Pod', outcome: 'denied', reasons: ['A', 'B'], durationMs: 3 });
    metrics.failed('deadline');
    metrics.upkeepFailed('images');
    const text = await metrics.registry.metrics();
    expect(text).toContain('mcp_sluice_webhook_reviews_total{kind="Pod",outcome="denied"} 1');
    expect(text).toContain('mcp_sluice_webhook_review_reasons_total{outcome="denied",reason="B"} 1');
    expect(text).toContain('mcp_sluice_webhook_review_failures_total{reason="deadline"} 1');
    expect(text).toContain('mcp_sluice_webhook_upkeep_failures_total{duty="images"} 1');
    expect(text).toContain('mcp_sluice_webhook_certificate_expiry_seconds 60');
    expect(text).toMatch(/review_duration_seconds_bucket\{le="0.005"\} 1/);
  });

  it('[webhook:metrics] stays small, whatever the reasons are', async () => {
    const metrics = createMetrics(
      () => undefined,
      () => 0,
    );
    for (let index = 0; index < 1000; index++) metrics.reviewed({ kind: 'Pod', outcome: 'denied', reasons: [`R${index}`], durationMs: 1 });
    const text = await metrics.registry.metrics();
    expect(text.match(/review_reasons_total\{/g)?.length).toBe(101);
    expect(text).toContain('reason="other"} 900');
  });
});
