import type { Upstream } from './forward.ts';
import type { SessionMetrics } from './metrics.ts';
import { Orphans } from './orphans.ts';
import type { InEffect } from './pipeline.ts';
import { ServerTraits } from './server-traits.ts';
import { SessionBook } from './session-book.ts';
import { SessionCloser } from './session-closer.ts';
import { Visit } from './session-visit.ts';

/** A gate that lets everything pass and counts nothing: for what no session can come of. */
export function noSessions({ upstream, metrics }: { readonly upstream: Upstream; readonly metrics: SessionMetrics }): InEffect['sessions'] {
  const closer = new SessionCloser(upstream, 'localhost');
  const deps = { book: new SessionBook(), closer, orphans: new Orphans(), traits: new ServerTraits(), metrics };
  return {
    admit(caller) {
      const visit = new Visit(caller, deps);
      visit.goUncounted();
      return { visit };
    },
    isListener: () => true,
  };
}
