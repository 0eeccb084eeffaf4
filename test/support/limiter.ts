import type { Outcome } from '../../sidecar/guarded-store.ts';
import { createLimiter, type Limiter, type LimiterOptions } from '../../sidecar/limiter.ts';

export interface WatchedLimiter {
  readonly limiter: Limiter;
  /** `up`, `down`, `timeout`, `warning`, … in the order in which they came. */
  readonly seen: string[];
  readonly warnings: string[];
}

/** A limiter whose events are written down. */
export function watchedLimiter(options: Partial<LimiterOptions> & { readonly url: string }): WatchedLimiter {
  const seen: string[] = [];
  const warnings: string[] = [];
  const limiter = createLimiter({
    owner: 'test/Deployment/server',
    ...options,
    events: {
      onState: (state) => seen.push(state),
      onError: (kind) => seen.push(kind),
      onFailOpen: () => seen.push('failed-open'),
      onFailClosed: () => seen.push('failed-closed'),
      onWarning: (message) => warnings.push(message),
    },
  });
  return { limiter, seen, warnings };
}

/** `allowed`, `refused`, `failed-open` or `failed-closed`. */
export const brief = (outcome: Outcome): string =>
  outcome.kind === 'decided' ? (outcome.decision.allowed ? 'allowed' : 'refused') : outcome.kind;
