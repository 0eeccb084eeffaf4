import type { Logger } from 'pino';
import { renderIssue } from '../src/lib/issue-text.ts';
import type { ConfigurationEvents } from './configuration.ts';
import type { Metrics } from './metrics.ts';

/** What the configuration tells of itself, as metrics and log lines. */
export function createConfigurationEvents({
  log,
  metrics,
  putInEffect,
}: {
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly putInEffect: ConfigurationEvents['onConfiguration'];
}): ConfigurationEvents {
  return {
    onConfiguration: putInEffect,
    onReload: ({ problem, warnings, heldBack }) => {
      metrics.setReload(problem === undefined);
      if (problem !== undefined) log.error({ problem }, 'configuration refused; the last good one stays in effect, if there is one');
      for (const warning of warnings) log.warn({ code: warning.code }, renderIssue(warning));
      if (heldBack.length > 0) log.warn({ keys: heldBack }, 'these keys take effect with a restart only (kubectl rollout restart)');
    },
  };
}
