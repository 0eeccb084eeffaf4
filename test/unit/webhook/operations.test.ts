import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createMetrics } from '../../../webhook/metrics.ts';

const page = readFileSync(join(import.meta.dirname, '../../../docs/operations.md'), 'utf8');

describe('docs/operations.md', () => {
  it('[webhook:metrics] has every metric of the webhook, with its labels, and no other', async () => {
    const nothing = () => undefined;
    const metrics = createMetrics({ leafExpiryMs: nothing, authorityExpiryMs: nothing, isTrusted: () => true, clock: () => 0 });
    const ours = metrics.registry.getMetricsAsArray().filter(({ name }) => name.startsWith('mcp_sluice_'));
    const labelled = ours.map(({ name, ...metric }) => {
      const { labelNames = [] } = metric as unknown as { labelNames?: readonly string[] };
      return labelNames.length === 0 ? name : `${name}{${labelNames.join(',')}}`;
    });
    expect([...page.matchAll(/^\| `(mcp_sluice_[^`]+)`/gm)].map(([, name]) => name).toSorted()).toEqual(labelled.toSorted());
  });
});
