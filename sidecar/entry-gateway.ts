import type { RemoteEntry } from '../src/settings/settings.ts';
import { EntryAnswer } from './entry-answer.ts';
import { entryRequestHeaders } from './entry-headers.ts';
import { EntryMessages } from './entry-messages.ts';
import { elsewhere, headerMissing, methodRefused } from './entry-refusals.ts';
import type { Flow, Sink, Upstream, UpstreamRefusal, UpstreamRequest } from './forward.ts';

export interface EntryGatewayDeps {
  readonly upstream: Upstream;
  /** The configured headers, names and values by turns; or why they are not there. */
  readonly headers: () => { readonly lines: readonly string[] } | { readonly problem: string };
  /** A stream was cut, as it sends messages elsewhere. */
  readonly onForeignEndpoint: () => void;
}

/**
 * The remote of an entry as the app sees it, below `/<entry>`: addresses are mapped and headers chosen both ways;
 * how the remote is reached is the matter of the upstream behind it.
 */
export function createEntryGateway(entry: RemoteEntry, { upstream, headers, onForeignEndpoint }: EntryGatewayDeps): Upstream {
  const { host, pathname, search } = new URL(entry.url);
  const path = `/${entry.name}`;
  const messages = new EntryMessages(entry);
  const remoteTarget = (target: string): string | undefined => {
    if (target === path || target === `${path}/`) return pathname + search;
    return entry.transport === 'sse' ? messages.find(target) : undefined;
  };

  return {
    dispatch(request, sink) {
      if (!methods.has(request.method)) return refuseSoon(sink, methodRefused(entry));
      const configured = headers();
      if ('problem' in configured) return refuseSoon(sink, headerMissing(configured.problem));
      const target = remoteTarget(request.target);
      if (target === undefined) return refuseSoon(sink, elsewhere(entry));
      const answer = new EntryAnswer(sink, {
        entry,
        messages: isStream(entry, request) ? messages : undefined,
        appTarget: request.target,
        onForeignEndpoint,
      });
      const sent = { ...request, target, headers: entryRequestHeaders(request.headers, { host, configured: configured.lines }) };
      return answer.follow(upstream.dispatch(sent, answer));
    },
    close: () => upstream.close(),
  };
}

/**
 * In shadow mode too, where parse refuses nothing: the answer to a TRACE is the request (RFC 9110 §9.3.8), with the
 * configured Secrets in it, for the app to read.
 */
const methods: ReadonlySet<string> = new Set(['POST', 'GET', 'DELETE', 'HEAD', 'OPTIONS']);

const isStream = ({ transport }: RemoteEntry, { method }: UpstreamRequest): boolean => transport === 'sse' && method === 'GET';

/** An upstream that gives this answer to everything. */
export function refusingUpstream(refuse: (request: UpstreamRequest) => UpstreamRefusal): Upstream {
  return { dispatch: (request, sink) => refuseSoon(sink, refuse(request)), close: () => Promise.resolve() };
}

/** After the flow was returned, as whoever dispatches expects. */
function refuseSoon(sink: Sink, refusal: UpstreamRefusal): Flow {
  let isOver = false;
  process.nextTick(() => {
    if (!isOver) sink.fail({ error: new Error(refusal.message), wasSent: false, hadHead: false, refusal });
  });
  return {
    resume: () => undefined,
    abort() {
      isOver = true;
    },
  };
}
