import type { Logger } from 'pino';
import type { LimiterEvents } from './guarded-store.ts';
import type { Metrics } from './metrics.ts';

/** What the limiter tells of itself, as metrics and log lines. The calls themselves are counted where they are answered. */
export function createLimiterEvents({ log, metrics }: { readonly log: Logger; readonly metrics: Metrics }): LimiterEvents {
  metrics.setBreakerOpen(true);
  return {
    onDecision: (latencyMs) => metrics.observeDecision(latencyMs / 1000),
    onError: (kind) => metrics.countRedisError(kind),
    onState: (state, reason) => {
      metrics.setBreakerOpen(state === 'down');
      if (state === 'up') log.info('Redis answers');
      else log.warn({ reason }, 'Redis does not answer');
    },
    onFailOpen: () => metrics.countFailOpen(),
    onLocal: (excessTokens) => metrics.countLocalDecision(excessTokens),
    onReplicas: (count) => metrics.setReplicas(count),
    onWarning: (message) => log.warn(message),
  };
}
