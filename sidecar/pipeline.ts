import { anonymous, type Identify } from '../src/identity/identify.ts';
import { classifyBody, classifyHead, type Head, startJudge } from '../src/mcp/classify.ts';
import { readHeaders } from '../src/mcp/headers.ts';
import { refuse } from '../src/mcp/ladder.ts';
import type { Message, Refusal } from '../src/mcp/message.ts';
import { reshape } from '../src/policy/rejection.ts';
import { sessionNotFound } from '../src/policy/session-refusals.ts';
import type { Settings } from '../src/settings/settings.ts';
import { readBody } from './body.ts';
import { isModern } from './caller.ts';
import { ClientMemory } from './client-memory.ts';
import { deliverOnStream } from './deliver.ts';
import type { Exchange } from './exchange.ts';
import type { Upstream } from './forward.ts';
import { judgeHeaders } from './headers.ts';
import { countedAs, type Limits, limit } from './limit.ts';
import { MessageStreams } from './message-streams.ts';
import type { PipelineMetrics } from './metrics.ts';
import { judgeOrigin } from './origin.ts';
import type { RefusalLog } from './refusal-log.ts';
import { bounds, noAnswer, notConfigured, unidentified } from './refusals.ts';
import { writeRefusal } from './refuse.ts';
import { Relay } from './relay.ts';
import type { SessionGate } from './session-gate.ts';
import { upstreamHeaders, withoutSession } from './upstream-headers.ts';

/** One configuration, ready to be applied; a request keeps the one that it began with. */
export interface InEffect {
  readonly settings: Settings;
  readonly identify: Identify;
  readonly limiter: Limits['limiter'];
  readonly sessions: Pick<SessionGate, 'admit' | 'isListener'>;
}

/** What of it holds for all servers of a pod alike. */
export type PodInEffect = Omit<InEffect, 'sessions'>;

export interface PipelineDeps {
  readonly inEffect: () => InEffect | undefined;
  readonly upstream: Upstream;
  readonly upstreams: readonly string[];
  readonly upstreamHost: string;
  readonly maxBodyBytes: number;
  readonly isDraining: () => boolean;
  readonly metrics: PipelineMetrics;
  readonly refusalLog: RefusalLog;
}

const opaque: Message = { kind: 'opaque' };
const unread = { 'too-large': 'body-too-large', 'no-room': 'buffers-full', timeout: 'body-timeout' } as const;

/**
 * The way of a request: bounds → identity → parse → session → rate limit → upstream
 * (contract §6). In shadow mode parse, session and rate limit refuse nothing; what frames
 * and bounds a request holds all the same.
 */
export function createPipeline(deps: PipelineDeps): (exchange: Exchange) => Promise<void> {
  const { metrics } = deps;
  const clients = new ClientMemory();
  const streams = new MessageStreams();

  return async function answer(exchange) {
    const { rawHeaders } = exchange.request;
    const outOfBounds = judgeBounds(exchange);
    if (outOfBounds) return give(exchange, outOfBounds);
    const inEffect = deps.inEffect();
    if (inEffect === undefined) return give(exchange, notConfigured);
    const { settings } = inEffect;
    const isShadow = settings.mode === 'shadow';

    const head: Head = { method: exchange.request.method ?? '', rawHeaders, target: exchange.request.url ?? '' };
    const verdict = classifyHead(head, streams.alongside(settings.paths));
    const isMcpPath = verdict.kind === 'refusal' || verdict.isMcpPath;
    const named = await inEffect.identify({ address: exchange.socket.remoteAddress, rawHeaders, method: head.method, isMcpPath });
    if (exchange.isGone) return;
    if (!named.ok) {
      if (!isShadow || !named.isLetPassInShadow) return give(exchange, unidentified(named));
      note(unidentified(named), { isShadow });
    }
    const identified = named.ok ? named : anonymous;
    if (verdict.kind === 'refusal') {
      note(verdict.refusal, { isShadow });
      // A target that is no path cannot be sent on, in shadow mode either.
      if (!isShadow || !head.target.startsWith('/')) return give(exchange, verdict.refusal, { isNoted: true });
    }
    const judgeStart = verdict.kind === 'body-needed' ? startJudge(head, verdict.isMcpPath) : undefined;
    const read = await readBody(exchange, { limitBytes: deps.maxBodyBytes, judgeStart });
    if (!read.ok) return read.reason === 'gone' ? undefined : give(exchange, refuse(unread[read.reason], { era: 'legacy' }));
    let message = opaque;
    if (verdict.kind === 'body-needed' && 'body' in read) {
      const classified = classifyBody(read.body, head, verdict.isMcpPath);
      if (classified.ok) message = classified.message;
      else {
        note(classified.refusal, { isShadow });
        if (!isShadow) return give(exchange, classified.refusal, { isNoted: true, isOnStream: isListener() });
      }
    }
    metrics.countMessage(message.kind);
    if (identified.refusedAsMessage && message.kind !== 'opaque') {
      const refusal = unidentified(identified.refusedAsMessage, message);
      note(refusal, { isShadow, message });
      if (!isShadow) return give(exchange, refusal, { isNoted: true, isOnStream: isListener() });
    }

    const caller = { exchange, ...head, headers: readHeaders(rawHeaders), isMcpPath, message, client: identified.client, isShadow };
    const { visit, refused } = await inEffect.sessions.admit({ ...caller, body: 'body' in read ? read.body : undefined });
    if (refused && refuseSession(refused)) return;
    const counted = countedAs(message, settings.rateLimit);
    const limited = await limit(message, { settings, limiter: inEffect.limiter, client: identified.client });
    if (!limited.ok) {
      const decision = limited.isUnchecked ? 'failed_closed' : isShadow ? 'would_limit' : 'limited';
      if (counted) metrics.countCall(counted, decision);
      const refusal = shaped(limited.refusal);
      note(refusal, { isShadow, message, waitMs: limited.waitMs });
      if (!isShadow) return give(exchange, refusal, { isNoted: true });
    } else if (counted) metrics.countCall(counted, limited.isUnchecked ? 'failed_open' : 'allowed');
    if (exchange.isGone) return;
    if (!(await visit.begin()) && refuseSession({ refusal: sessionNotFound(message, 'ended') })) return;
    if (exchange.isGone) return;

    const isWithoutSession = isModern(caller);
    const mayOpenStream = head.method === 'GET' && verdict.kind === 'pass' && verdict.isMcpPath;
    const relay = new Relay(exchange, {
      upstreams: deps.upstreams,
      extraHeaders: limited.ok && !isShadow ? limited.headers : undefined,
      admitHead(status, received) {
        const admitted = visit.answered(status, received);
        return isWithoutSession ? withoutSession(admitted) : admitted;
      },
      onOrphaned: (received) => visit.orphaned(received),
      openReader: (status, received) => visit.openReader(status, received),
      ...(mayOpenStream && {
        openEvents: (status, received) =>
          streams.follow(exchange.response, { target: head.target, status, headers: received }, (first) => visit.heardFirst(first)),
      }),
      isDraining: deps.isDraining,
      onAnswered: (status, headers) => {
        metrics.countResponse(status);
        clients.learn(message, status, headers);
      },
      onBroken: (phase) => metrics.countBreak(phase),
      onUnanswered: ({ wasSent, refusal }) => {
        const request = message.kind === 'request' ? message : undefined;
        give(exchange, noAnswer({ wasSent, refusal, id: request?.id, era: request?.era }));
      },
    });
    const headers = upstreamHeaders({
      rawHeaders,
      upstreamHost: deps.upstreamHost,
      peer: exchange.socket.remoteAddress,
      untrustedHeader: identified.isHeaderTrusted ? undefined : settings.identity?.header?.name,
      isModern: isWithoutSession,
      mayOpenStream,
    });
    if ('upload' in read && read.lengthBytes !== undefined) headers.push('Content-Length', read.lengthBytes);
    const body = 'body' in read ? read.body : read.upload;
    const flow = deps.upstream.dispatch({ method: head.method, target: head.target, headers, body }, relay);
    exchange.attach(flow, (lasting) => visit.survive(lasting));

    // Who is refused a message is not always the one who listens there.
    function isListener(): boolean {
      return inEffect?.sessions.isListener(head.target, identified.client) ?? false;
    }

    function shaped(refusal: Refusal): Refusal {
      return reshape(refusal, message, { setting: settings.rejection, known: clients.recall(message, rawHeaders) });
    }

    /** False in shadow mode, where it goes on. */
    function refuseSession({ refusal, waitMs }: { readonly refusal: Refusal; readonly waitMs?: number }): boolean {
      const written = shaped(refusal);
      note(written, { isShadow, message, ...(waitMs !== undefined && { waitMs }) });
      if (!isShadow) give(exchange, written, { isNoted: true, isOnStream: false });
      return !isShadow;
    }
  };

  function give(
    exchange: Exchange,
    refusal: Refusal,
    options: { readonly isNoted: boolean; readonly isOnStream?: boolean } = { isNoted: false },
  ): void {
    if (!options.isNoted) note(refusal, { isShadow: false });
    if (deps.isDraining()) exchange.response.shouldKeepAlive = false;
    if (options.isOnStream !== false && deliverOnStream(exchange, refusal, streams)) return;
    writeRefusal(exchange, refusal, { isDraining: deps.isDraining() });
  }

  function note(refusal: Refusal, about: { readonly isShadow: boolean; readonly message?: Message; readonly waitMs?: number }): void {
    metrics.countRefusal(refusal.rung, about.isShadow);
    const message = about.message?.kind === 'request' || about.message?.kind === 'notification' ? about.message : undefined;
    const limitName = refusal.data?.['limit'];
    deps.refusalLog.write({
      reason: refusal.rung,
      status: refusal.status,
      isShadow: about.isShadow,
      ...(typeof limitName === 'string' && { limit: limitName }),
      ...(message?.method !== undefined && { method: message.method }),
      ...(message?.tool !== undefined && { tool: message.tool }),
      ...(about.waitMs !== undefined && { waitMs: about.waitMs }),
    });
  }
}

/** What makes a request one that can be judged at all. */
function judgeBounds(exchange: Exchange): Refusal | undefined {
  const { rawHeaders, httpVersion, url } = exchange.request;
  const headers = judgeHeaders(rawHeaders);
  if (headers) return bounds(headers.rung, headers.status, headers.message);
  const origin = judgeOrigin({ rawHeaders, httpVersion, isLoopbackListener: exchange.isLoopbackListener });
  if (origin) return bounds(origin.rung, origin.status, origin.message);
  // RFC 9112 §3.2: a path is of visible ASCII; undici would throw at anything else.
  if (/[^\x21-\x7e]/.test(url ?? '')) return bounds('bounds:target', 400, 'The request target must be of visible ASCII characters.');
  return undefined;
}
