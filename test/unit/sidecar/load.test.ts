import { expect, it } from 'vitest';
import { load } from '../../../sidecar/load.ts';

it('[sidecar:by-hand] a configuration without inject has its effect, and nothing else is said of it', () => {
  const text = 'mcp-sluice.dev/redis: redis://r:6379\nmcp-sluice.dev/rate-limit: "shared: 1/1m"\n';
  const result = load(text);
  expect(result).toMatchObject({ ok: true, loaded: { warnings: [], settings: { rateLimit: { shared: { maxTokens: 1 } } } } });
});
