import { join } from 'node:path';
import type { Logger } from 'pino';
import { anonymous } from '../src/identity/identify.ts';
import type { RemoteEntry } from '../src/settings/settings.ts';
import type { Check } from './admin.ts';
import { ByteBudget } from './byte-budget.ts';
import type { EntryEvents } from './entry-events.ts';
import { createEntryGateway } from './entry-gateway.ts';
import type { EntryMetrics } from './entry-metrics.ts';
import type { CreateEntryUpstream } from './entry-upstream.ts';
import type { Exchange } from './exchange.ts';
import type { Limits } from './limit.ts';
import type { Options } from './options.ts';
import { createPipeline, type InEffect, type PodInEffect } from './pipeline.ts';
import { RefusalLog } from './refusal-log.ts';
import { SecretHeaders } from './secret-headers.ts';
import type { Sessions, SessionsDeps } from './sessions.ts';

export interface EntryDeps {
  readonly options: Pick<Options, 'caBundlesDir' | 'entryHeadersDir' | 'podIps' | 'maxBodyBytes'>;
  /** What is in effect for the pod. */
  readonly inEffect: () => PodInEffect | undefined;
  /** For the bodies of all entries. */
  readonly budget: ByteBudget;
  readonly isDraining: () => boolean;
  readonly log: Logger;
  readonly nowMs: () => number;
  readonly metrics: EntryMetrics;
  readonly onOmittedLine: (reason: string) => void;
  readonly createUpstream: CreateEntryUpstream;
  /** Sets the sessions of an entry going, counted beside those of other replicas. */
  readonly startSessions: (own: EntrySessions) => Sessions;
}

export type EntrySessions = Omit<SessionsDeps, 'settings' | 'limiter' | 'owner' | 'pod'> & { readonly entry: string };

/** Of what the bodies of all entries may take: one whose remote does not answer leaves the others as much. */
const ENTRY_SHARE = 0.5;

/** One remote entry at work: nothing that becomes of it is of any consequence to another. */
export interface Entry {
  readonly name: string;
  readonly answer: (exchange: Exchange) => Promise<void>;
  readonly sessions: Pick<Sessions, 'retune' | 'stop'>;
  /** What is known without asking the remote; never stands between the pod and its traffic. */
  readonly check: () => Check;
  /** Resolves once its files were read; does not reject. */
  readonly started: Promise<void>;
  readonly close: () => Promise<void>;
}

export function startEntry(entry: RemoteEntry, deps: EntryDeps): Entry {
  const { options, metrics, nowMs } = deps;
  const { name } = entry;
  // Anew each time, as a child keeps the level that its parent had.
  const log = (): Logger => deps.log.child({ entry: name });
  const upstream = deps.createUpstream(entry, {
    caFile: caFileOf(entry, options.caBundlesDir),
    ownAddresses: options.podIps,
    nowMs,
    events: eventsOf(name, { metrics, log }),
  });
  const headers = new SecretHeaders(entry, {
    directory: options.entryHeadersDir,
    onProblem: (problem) => {
      if (problem === undefined) log().info('the headers of the entry are there');
      else log().warn({ problem }, 'the entry lacks a header');
    },
    onChange: (header) => log().info({ header }, 'a header of the entry has a new value'),
  });
  const problem = (): string | undefined => {
    const configured = headers.current();
    return upstream.problem() ?? ('problem' in configured ? configured.problem : undefined);
  };
  const gateway = createEntryGateway(entry, {
    upstream,
    headers: () => headers.current(),
    onForeignEndpoint: () => log().warn('the remote sends messages to another origin: stream refused'),
  });
  const upstreamHost = new URL(entry.url).host;
  // To the app's addresses: what closes a session takes the way of any request, headers and certificate with it.
  const sessions = deps.startSessions({
    entry: name,
    metrics: metrics.of(name),
    onWarning: (message) => log().warn(message),
    onReaped: (reason, { isShadow }) => log().debug({ reason, isShadow }, 'session ended'),
  });
  metrics.add(name, { isUsable: () => problem() === undefined, sessions: () => sessions.count });
  const pipeline = createPipeline({
    inEffect: ofEntry(entry, { inPod: deps.inEffect, sessions: sessions.gateOf({ upstream: gateway, upstreamHost }) }),
    upstream: gateway,
    // Its origin never reaches the app: the gateway lets no header pass that could name one.
    upstreams: [],
    upstreamHost,
    maxBodyBytes: options.maxBodyBytes,
    isDraining: deps.isDraining,
    metrics: metrics.of(name),
    refusalLog: new RefusalLog({ log, nowMs, onOmitted: deps.onOmittedLine }),
  });
  // At least one body, however large one may be.
  const budget = new ByteBudget(Math.max(deps.budget.limitBytes * ENTRY_SHARE, options.maxBodyBytes), deps.budget);
  return {
    name,
    answer: (exchange) => {
      exchange.chargeTo(budget);
      return pipeline(exchange);
    },
    sessions,
    check: () => {
      const reason = problem();
      return { name: `entry:${name}`, isHeld: reason === undefined, reason, isAdvisory: true, notes: upstream.warnings() };
    },
    started: Promise.all([upstream.start(), headers.start()]).then(() => undefined),
    async close() {
      headers.stop();
      await sessions.stop();
      await gateway.close();
    },
  };
}

function caFileOf({ name, caBundle }: RemoteEntry, directory: string): string | undefined {
  if (caBundle === undefined) return undefined;
  return 'caFile' in caBundle ? caBundle.caFile : join(directory, name, caBundle.key);
}

/**
 * What is in effect for an entry: the pod's, but the caller is the app itself, everything below the entry's path is
 * MCP, and limits are the entry's own, in buckets that no inbound limit and no other entry shares; so are sessions.
 */
function ofEntry(
  { name, rateLimit }: RemoteEntry,
  { inPod, sessions }: { readonly inPod: EntryDeps['inEffect']; readonly sessions: InEffect['sessions'] },
): () => InEffect | undefined {
  let source: PodInEffect | undefined;
  let derived: InEffect | undefined;
  return () => {
    const present = inPod();
    if (present === source) return derived;
    source = present;
    if (present === undefined) return undefined;
    const { identity: _identity, rateLimit: _inbound, ...settings } = present.settings;
    derived = {
      settings: { ...settings, paths: [], ...(rateLimit && { rateLimit }) },
      identify: () => anonymous,
      limiter: present.limiter && withBucketsOf(name, present.limiter),
      sessions,
    };
    return derived;
  };
}

/** An entry's name has no colon, and no inbound bucket's begins with `e:` (src/policy/charges.ts). */
function withBucketsOf(name: string, limiter: NonNullable<Limits['limiter']>): NonNullable<Limits['limiter']> {
  return {
    decide: (charges, onFailure) =>
      limiter.decide(
        charges.map((charge) => ({ ...charge, name: `e:${name}:${charge.name}` })),
        onFailure,
      ),
    clientHash: (client) => limiter.clientHash(client),
  };
}

function eventsOf(name: string, { metrics, log }: { readonly metrics: EntryMetrics; readonly log: () => Logger }): EntryEvents {
  return {
    onFault: (cause) => metrics.countFault(name, cause),
    onCaReloadFailure: (reason) => {
      metrics.countCaReloadFailure(name);
      log().error({ reason }, 'CA bundle refused; the last good one stays in effect, if there is one');
    },
    onCaReload: ({ certificates, earliestEndMs }) => {
      metrics.setCaEnd(name, earliestEndMs);
      log().info({ certificates }, 'CA bundle in effect');
    },
    onBreaker: (isOpen) => metrics.setBreakerOpen(name, isOpen),
    onInFlight: (count) => metrics.setInFlight(name, count),
    onWarning: (message) => log().warn(message),
  };
}
