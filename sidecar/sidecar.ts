import type { Server } from 'node:net';
import type { Logger } from 'pino';
import { isLoopback } from '../src/identity/cidr.ts';
import { renderIssue } from '../src/lib/issue-text.ts';
import { type Check, createAdmin } from './admin.ts';
import { createAppProbes } from './app-probes.ts';
import { BUFFER_LIMIT_BYTES, ByteBudget } from './byte-budget.ts';
import { type Configuration, type ConfigurationEvents, ConfigurationFile } from './configuration.ts';
import { Drain, openDrainSocket } from './drain.ts';
import { renderEarlyRefusal } from './early-refusal.ts';
import { createUpstream } from './forward.ts';
import { type Identity, startIdentity } from './identity.ts';
import { InFlight } from './in-flight.ts';
import { createLimiter, type Limiter } from './limiter.ts';
import { createLimiterEvents } from './limiter-events.ts';
import { Listeners, renderAddress } from './listeners.ts';
import { Metrics } from './metrics.ts';
import type { Options } from './options.ts';
import { createPipeline, type InEffect } from './pipeline.ts';
import { RefusalLog } from './refusal-log.ts';
import { createProxyServer } from './server.ts';
import { UpstreamProbe } from './upstream-probe.ts';

/** Time for the rest of a cluster to hear that we are leaving. */
const ACCEPT_AFTER_DRAIN_MS = 2_000;

export interface SidecarDeps {
  readonly log: Logger;
  readonly nowMs: () => number;
  /** Called when the drain is over. */
  readonly exit: () => void;
}

export interface Sidecar {
  /** Ports in use, in the order of `listen`; undefined where not held. */
  readonly ports: readonly (number | undefined)[];
  readonly adminPort: number | undefined;
  beginDrain(): void;
  terminate(): void;
  /** Cuts everything at once. */
  close(): Promise<void>;
}

/** Puts the parts together and sets them going; resolves once every address was tried and the configuration read once. Rejects where the state folder cannot be used. */
export async function startSidecar(options: Options, { log, nowMs, exit }: SidecarDeps): Promise<Sidecar> {
  const budget = new ByteBudget(BUFFER_LIMIT_BYTES);
  const inFlight = new InFlight();
  const metrics = new Metrics({ bufferedBytes: () => budget.usedBytes, inFlight: () => inFlight.count });
  const refusalLog = new RefusalLog({ log: () => log, nowMs, onOmitted: (reason) => metrics.countOmittedLine(reason) });
  const upstream = createUpstream(options.upstreams);
  const probe = new UpstreamProbe(options.upstreams);
  let limiter: Limiter | undefined;
  let identity: Identity | undefined;
  let inEffect: InEffect | undefined;

  const configuration = new ConfigurationFile(
    { file: options.annotationsFile, stateDir: options.stateDir },
    configurationEvents({ log, metrics, putInEffect }),
  );
  function putInEffect({ generation, settings }: Configuration): void {
    log.level = settings.logLevel;
    // Once in a life: where Redis is does not change under a running process.
    if (limiter === undefined && settings.redis !== undefined) {
      const { redisSecretDir: secretDir, redisCaFile: caFile, owner } = options;
      limiter = createLimiter({ url: settings.redis.url, secretDir, caFile, owner, events: createLimiterEvents({ log, metrics }) });
      void limiter.start();
    }
    identity ??= startIdentity(settings.identity, { caFile: options.identityCaFile, log, metrics });
    inEffect = { settings, identify: identity.identify, limiter };
    metrics.setConfiguration(generation, settings.mode === 'shadow');
    log.info({ generation, mode: settings.mode }, 'configuration in effect');
  }

  const drain: Drain = new Drain({
    graceMs: options.graceMs,
    acceptMs: options.capture === undefined ? 0 : ACCEPT_AFTER_DRAIN_MS,
    nowMs,
    inFlight: () => inFlight.count,
    stopAccepting: () => listeners.close(),
    cut: () => listeners.destroy(),
    onPhase: (phase, count) => log.info({ phase, inFlight: count }, 'drain'),
    exit,
  });
  const answer = createPipeline({
    inEffect: () => inEffect,
    upstream,
    upstreams: options.upstreams,
    upstreamHost: options.upstreamHost,
    maxBodyBytes: options.maxBodyBytes,
    isDraining: () => drain.isDraining,
    metrics,
    refusalLog,
  });

  const listeners = new Listeners((held) => {
    for (const { address, error } of held) {
      metrics.setBypass(renderAddress(address), error !== undefined);
      if (error !== undefined)
        log.error({ address: renderAddress(address), error }, 'address not held: traffic there bypasses the sidecar');
    }
  });
  for (const address of options.listen) {
    const server = createProxyServer({
      isLoopbackListener: address.host !== undefined && isLoopback(address.host),
      budget,
      inFlight,
      answer,
      onEarlyRefusal: (refusal) => {
        const { rung, status } = renderEarlyRefusal(refusal);
        metrics.countRefusal(rung, false);
        refusalLog.write({ reason: rung, status, isShadow: false });
      },
      onAbort: () => metrics.countAbort(),
      onBug: (error) => log.error({ error: error instanceof Error ? error.stack : String(error) }, 'bug: exchange given up'),
    });
    listeners.add(address, server);
  }

  const startup = (): Check[] => [
    { name: 'configuration', isHeld: configuration.isLoaded, reason: configuration.problem },
    { name: 'ports', isHeld: listeners.areAllHeld, reason: renderNotHeld(listeners) },
  ];
  const readiness = (): Check[] => [
    ...startup(),
    redisCheck(limiter),
    ...[identity?.check()].filter((check) => check !== undefined),
    { name: 'upstream', isHeld: probe.isAccepting, reason: `nothing accepts at ${options.upstreams.join(', ')}` },
    { name: 'drain', isHeld: !drain.isDraining, reason: 'draining' },
  ];
  const adminListeners = new Listeners((held) => {
    for (const { address, error } of held)
      if (error !== undefined) log.error({ address: renderAddress(address), error }, 'admin address not held');
  });
  const askApp = createAppProbes({
    ...options,
    onChange(probe, problem) {
      if (problem === undefined) log.info({ probe }, 'probe of the app holds again');
      else log.warn({ probe, problem }, 'probe of the app fails');
    },
  });
  if (options.admin !== undefined) adminListeners.add(options.admin, createAdmin({ startup, readiness, metrics, askApp }));

  const drainSocket: Server | undefined =
    options.stateDir === undefined ? undefined : await openDrainSocket(options.stateDir, () => drain.begin());
  await configuration.start();
  await listeners.open();
  await adminListeners.open();
  void probe.start();

  return {
    get ports() {
      return listeners.held.map(({ port }) => port);
    },
    get adminPort() {
      return adminListeners.held[0]?.port;
    },
    beginDrain: () => drain.begin(),
    terminate: () => drain.terminate(),
    async close() {
      configuration.stop();
      probe.stop();
      identity?.stop();
      drainSocket?.close();
      for (const each of [listeners, adminListeners]) {
        each.close();
        each.destroy();
      }
      await Promise.all([upstream.close(), limiter?.stop()]);
    },
  };
}

function redisCheck(limiter: Limiter | undefined): Check {
  const answer = limiter?.ready() ?? { ready: true };
  return { name: 'redis', isHeld: answer.ready, ...('reason' in answer && { reason: answer.reason }) };
}

function configurationEvents(deps: {
  log: Logger;
  metrics: Metrics;
  putInEffect: (configuration: Configuration) => void;
}): ConfigurationEvents {
  return {
    onConfiguration: deps.putInEffect,
    onReload: ({ problem, warnings, heldBack }) => {
      deps.metrics.setReload(problem === undefined);
      if (problem !== undefined) deps.log.error({ problem }, 'configuration refused; the last good one stays in effect, if there is one');
      for (const warning of warnings) deps.log.warn({ code: warning.code }, renderIssue(warning));
      if (heldBack.length > 0) deps.log.warn({ keys: heldBack }, 'these keys take effect with a restart only (kubectl rollout restart)');
    },
  };
}

function renderNotHeld(listeners: Listeners): string {
  const lost = listeners.held.filter(({ error }) => error !== undefined);
  return lost.map(({ address, error }) => `${renderAddress(address)} ${error}`).join('; ');
}
