import { describe, expect, it } from 'vitest';
import { VERSION } from '../../../src/inject/stamp.ts';
import { createMetrics } from '../../../webhook/metrics.ts';

describe('metrics of the webhook', () => {
  it('[webhook:metrics] counts reviews by outcome and reason, and tells how long the certificate lasts', async () => {
    const metrics = createMetrics({
      ...{ leafExpiryMs: () => 61_000, authorityExpiryMs: () => 601_000, isTrusted: () => true, clock: () => 1000 },
    });
    metrics.reviewed({ kind: 'Pod', outcome: 'denied', reasons: ['A', 'B'], warned: ['W'], durationMs: 3 });
    metrics.failed('deadline');
    metrics.upkeepFailed('images');
    const text = await metrics.registry.metrics();
    expect(text).toContain('mcp_sluice_webhook_reviews_total{kind="Pod",outcome="denied"} 1');
    expect(text).toContain('mcp_sluice_webhook_review_reasons_total{outcome="denied",reason="B"} 1');
    expect(text).toContain('mcp_sluice_webhook_review_failures_total{reason="deadline"} 1');
    expect(text).toContain('mcp_sluice_webhook_upkeep_failures_total{duty="images"} 1');
    expect(text).toContain('mcp_sluice_webhook_certificate_expiry_seconds 60');
    expect(text).toContain('mcp_sluice_webhook_ca_expiry_seconds 600');
    expect(text).toContain('mcp_sluice_webhook_certificate_trusted 1');
    expect(text).toContain('mcp_sluice_webhook_review_warnings_total{code="W"} 1');
    expect(text).toContain(`mcp_sluice_webhook_info{version="${VERSION}"} 1`);
    expect(text).toMatch(/review_duration_seconds_bucket\{le="0.005"\} 1/);
  });

  it('[webhook:metrics] says nothing of an end that is not known, as 0 would wake somebody', async () => {
    let endMs: number | undefined;
    const metrics = createMetrics({ leafExpiryMs: () => endMs, authorityExpiryMs: () => endMs, isTrusted: () => false, clock: () => 0 });
    const told = async () => (await metrics.registry.metrics()).match(/^mcp_sluice_webhook_(certificate|ca)_expiry_seconds .*/gm);
    expect(await told()).toBeNull();
    endMs = 5000;
    expect(await told()).toEqual(['mcp_sluice_webhook_certificate_expiry_seconds 5', 'mcp_sluice_webhook_ca_expiry_seconds 5']);
    endMs = undefined;
    expect(await told()).toBeNull();
  });

  it('[webhook:metrics] stays small, whatever kinds are sent', async () => {
    const metrics = createMetrics({
      ...{ leafExpiryMs: () => undefined, authorityExpiryMs: () => undefined, isTrusted: () => false, clock: () => 0 },
    });
    for (let index = 0; index < 100; index++)
      metrics.reviewed({ kind: `Kind${index}`, outcome: 'ignored', reasons: [], warned: [], durationMs: 1 });
    const text = await metrics.registry.metrics();
    expect(text.match(/reviews_total\{/g)).toHaveLength(1);
    expect(text).toContain('mcp_sluice_webhook_reviews_total{kind="other",outcome="ignored"} 100');
  });

  it('[webhook:metrics] stays small, whatever the reasons are', async () => {
    const metrics = createMetrics({
      ...{ leafExpiryMs: () => undefined, authorityExpiryMs: () => undefined, isTrusted: () => false, clock: () => 0 },
    });
    for (let index = 0; index < 1000; index++)
      metrics.reviewed({ kind: 'Pod', outcome: 'denied', reasons: [`R${index}`], warned: [], durationMs: 1 });
    const text = await metrics.registry.metrics();
    expect(text.match(/review_reasons_total\{/g)?.length).toBe(101);
    expect(text).toContain('reason="other"} 900');
  });
});
