import { randomUUID } from 'node:crypto';
import type { Server } from 'node:net';
import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { Settings } from '../src/settings/settings.ts';
import { type Check, createAdmin } from './admin.ts';
import type { AskApp } from './app-probes.ts';
import { BUFFER_LIMIT_BYTES, ByteBudget } from './byte-budget.ts';
import { configurationCheck, portsCheck, redisCheck } from './checks.ts';
import { type Configuration, ConfigurationFile } from './configuration.ts';
import { createConfigurationEvents } from './configuration-events.ts';
import { Drain, openDrainSocket } from './drain.ts';
import { renderEarlyRefusal } from './early-refusal.ts';
import { EntryListener } from './entry-listener.ts';
import { type CreateEntryUpstream, createEntryUpstream } from './entry-upstream.ts';
import { type Identity, startIdentity } from './identity.ts';
import { InFlight } from './in-flight.ts';
import { createLimiter, type Limiter } from './limiter.ts';
import { createLimiterEvents } from './limiter-events.ts';
import { Listeners, renderAddress } from './listeners.ts';
import { Metrics } from './metrics.ts';
import type { Options } from './options.ts';
import type { PodInEffect } from './pipeline.ts';
import { createPodServer } from './pod-server.ts';
import { RefusalLog } from './refusal-log.ts';
import { type Sessions, type SessionsDeps, startSessions } from './sessions.ts';

/** Time for the rest of a cluster to hear that we are leaving. */
const ACCEPT_AFTER_DRAIN_MS = 2_000;
/** To tell Redis that this pod's sessions are over. */
const LEAVE_DEADLINE_MS = 500;

export interface SidecarDeps {
  readonly log: Logger;
  readonly nowMs: () => number;
  /** Called when the drain is over. */
  readonly exit: () => void;
  /** How a remote entry is reached; by default verified and never at loopback. */
  readonly createEntryUpstream?: CreateEntryUpstream;
}

export interface Sidecar {
  /** Ports in use, server by server in the order of `listen`; undefined where not held. */
  readonly ports: readonly (number | undefined)[];
  readonly adminPort: number | undefined;
  /** Of the remote entries; undefined where not held. */
  readonly entriesPort: number | undefined;
  beginDrain(): void;
  terminate(): void;
  /** Cuts everything at once. */
  close(): Promise<void>;
}

/** Puts the parts together and sets them going; resolves once every address was tried and the configuration read once. Rejects where the state folder cannot be used. */
export async function startSidecar(options: Options, deps: SidecarDeps): Promise<Sidecar> {
  const { log, nowMs, exit } = deps;
  const budget = new ByteBudget(BUFFER_LIMIT_BYTES);
  const inFlight = new InFlight();
  const metrics = new Metrics({
    bufferedBytes: () => budget.usedBytes,
    inFlight: () => inFlight.count,
    sessions: () => sessions?.count ?? 0,
  });
  const refusalLog = new RefusalLog({ log: () => log, nowMs, onOmitted: (reason) => metrics.countOmittedLine(reason) });
  let limiter: Limiter | undefined;
  let identity: Identity | undefined;
  let sessions: Sessions | undefined;
  let inEffect: PodInEffect | undefined;

  const configuration = new ConfigurationFile(
    { file: options.annotationsFile, stateDir: options.stateDir },
    createConfigurationEvents({ log, metrics, putInEffect }),
  );
  const pod = options.podName ?? `${hostname()}-${process.pid}-${randomUUID().slice(0, 8)}`;
  const sharedBySessions = (settings: Settings): Pick<SessionsDeps, 'settings' | 'limiter' | 'owner' | 'pod'> => ({
    settings,
    limiter,
    owner: options.owner,
    pod,
  });
  function putInEffect({ generation, settings, skippedEntries }: Configuration): void {
    log.level = settings.logLevel;
    // Once in a life: where Redis is does not change under a running process.
    if (limiter === undefined && settings.redis !== undefined) {
      const { redisSecretDir: secretDir, redisCaFile: caFile, owner } = options;
      limiter = createLimiter({ url: settings.redis.url, secretDir, caFile, owner, events: createLimiterEvents({ log, metrics }) });
      void limiter.start();
    }
    identity ??= startIdentity(settings.identity, { caFile: options.identityCaFile, log, metrics });
    sessions ??= startSessions({
      ...sharedBySessions(settings),
      metrics,
      onWarning: (message) => log.warn(message),
      onReaped: (reason, { isShadow }) => log.debug({ reason, isShadow }, 'session ended'),
    });
    sessions.retune(settings);
    for (const server of servers) server.join(sessions);
    entries?.retune(settings);
    inEffect = { settings, identify: identity.identify, limiter };
    entries?.begin(settings.remoteEntries, skippedEntries);
    if (entries === undefined && settings.remoteEntries.length > 0) log.warn('remote entries are not reachable: --entries is missing');
    metrics.setConfiguration(generation, settings.mode === 'shadow');
    log.info({ generation, mode: settings.mode }, 'configuration in effect');
  }

  const drain: Drain = new Drain({
    graceMs: options.graceMs,
    acceptMs: options.capture === undefined ? 0 : ACCEPT_AFTER_DRAIN_MS,
    nowMs,
    inFlight: () => inFlight.count + (entries?.inFlight ?? 0),
    stopAccepting: () => {
      listeners.close();
      entries?.stopAccepting();
    },
    cut: () => {
      listeners.destroy();
      entries?.cut();
    },
    onPhase: (phase, count) => log.info({ phase, inFlight: count }, 'drain'),
    exit: () => void leave(),
  });
  /** What is not given back here the others free once they have not heard of us for a while. */
  async function leave(): Promise<void> {
    await Promise.race([Promise.all([sessions?.stop(), entries?.leave()]), sleep(LEAVE_DEADLINE_MS, undefined, { ref: false })]);
    exit();
  }
  const entries =
    options.entries &&
    new EntryListener({
      address: options.entries,
      options,
      inEffect: () => inEffect,
      isDraining: () => drain.isDraining,
      log,
      nowMs,
      budget,
      registry: metrics.registry,
      onAbort: () => metrics.countAbort(),
      onOmittedLine: (reason) => metrics.countOmittedLine(reason),
      createUpstream: deps.createEntryUpstream ?? createEntryUpstream,
      startSessions: (own) => {
        if (inEffect === undefined) throw new Error('an entry without a configuration');
        return startSessions({ ...sharedBySessions(inEffect.settings), ...own });
      },
    });
  const servers = options.servers.map((each, index) =>
    createPodServer(each, {
      index,
      isOneOfSeveral: options.servers.length > 1,
      inEffect: () => inEffect,
      maxBodyBytes: options.maxBodyBytes,
      isDraining: () => drain.isDraining,
      ...{ metrics, refusalLog, budget, inFlight },
      onEarlyRefusal: (refusal) => {
        const { rung, status } = renderEarlyRefusal(refusal);
        metrics.countRefusal(rung, false);
        refusalLog.write({ reason: rung, status, isShadow: false });
      },
      onAbort: () => metrics.countAbort(),
      onBug: (error) => log.error({ error: error instanceof Error ? error.stack : String(error) }, 'bug: exchange given up'),
      onProbe: (probe, problem) => {
        if (problem === undefined) log.info({ probe }, 'probe of the app holds again');
        else log.warn({ probe, problem }, 'probe of the app fails');
      },
    }),
  );

  const listeners = new Listeners((held) => {
    for (const { address, error } of held) {
      metrics.setBypass(renderAddress(address), error !== undefined);
      if (error !== undefined)
        log.error({ address: renderAddress(address), error }, 'address not held: traffic there bypasses the sidecar');
    }
  });
  for (const server of servers) server.addTo(listeners);

  const startup = (): Check[] => [
    configurationCheck(configuration),
    portsCheck(listeners, options.servers),
    ...(entries === undefined ? [] : [entries.startup()]),
  ];
  const readiness = (): Check[] => [
    ...startup(),
    redisCheck(limiter),
    ...[identity?.check()].filter((check) => check !== undefined),
    ...servers.map((server) => server.check()),
    { name: 'drain', isHeld: !drain.isDraining, reason: 'draining' },
    ...(entries?.checks() ?? []),
  ];
  const adminListeners = new Listeners((held) => {
    for (const { address, error } of held)
      if (error !== undefined) log.error({ address: renderAddress(address), error }, 'admin address not held');
  });
  const askApp: AskApp = (path, userAgent) => {
    for (const server of servers) {
      const asked = server.askApp(path, userAgent);
      if (asked !== undefined) return asked;
    }
    return undefined;
  };
  if (options.admin !== undefined) adminListeners.add(options.admin, createAdmin({ startup, readiness, metrics, askApp }));

  const drainSocket: Server | undefined =
    options.stateDir === undefined ? undefined : await openDrainSocket(options.stateDir, () => drain.begin());
  await configuration.start();
  await listeners.open();
  await entries?.open();
  await adminListeners.open();
  for (const server of servers) server.startProbe();

  return {
    get ports() {
      return listeners.held.map(({ port }) => port);
    },
    get adminPort() {
      return adminListeners.held[0]?.port;
    },
    get entriesPort() {
      return entries?.port;
    },
    beginDrain: () => drain.begin(),
    terminate: () => drain.terminate(),
    async close() {
      configuration.stop();
      for (const server of servers) server.stopProbe();
      identity?.stop();
      drainSocket?.close();
      for (const each of [listeners, adminListeners]) {
        each.close();
        each.destroy();
      }
      await Promise.all([sessions?.stop(), entries?.close()]);
      await Promise.all([...servers.map((server) => server.close()), limiter?.stop()]);
    },
  };
}
