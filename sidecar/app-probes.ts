import { request } from 'node:http';
import { connect } from 'node:net';
import { type AppProbe, probePath } from '../src/lib/app-probe.ts';
import { askGrpcHealth } from './grpc-health.ts';

/** A kubelet gives up long before, by its own timeoutSeconds; what it no longer waits for must end some time, too. */
const DEADLINE_MS = 30_000;

/** As much of a body as a kubelet reads. */
const MOST_BODY_BYTES = 10 * 1024;

export interface AppProbesDeps {
  /** Of one captured port. */
  readonly probes: readonly AppProbe[];
  /** That port, where several are captured. */
  readonly port?: number | undefined;
  /** Where the app may listen, in the order in which it is tried. */
  readonly upstreams: readonly string[];
  /** What the app reads as `Host`, unless the probe has one. */
  readonly upstreamHost: string;
  readonly deadlineMs?: number;
  /** Told when what held fails, and when it holds again: a kubelet's event does not say why. */
  readonly onChange?: (path: string, problem: string | undefined) => void;
}

export interface ProbeVerdict {
  /** Undefined: the app did what was asked. */
  readonly problem: string | undefined;
  /** Who asks looks at no status: a failure has to break the connection. */
  readonly isHook: boolean;
}

/** Undefined for a path that is none of ours. */
export type AskApp = (path: string, userAgent: string | undefined) => Promise<ProbeVerdict> | undefined;

/**
 * Asks the app what a kubelet would have asked it at the captured port. The questions are fixed when the pod is made,
 * and of the answer nothing is told but whether it was a good one: whoever reaches the admin port learns and moves no
 * more. The same question asked twice at once is asked once.
 */
export function createAppProbes({ probes, port, upstreams, upstreamHost, deadlineMs = DEADLINE_MS, onChange }: AppProbesDeps): AskApp {
  const table = new Map(
    probes.flatMap((probe) => [
      [probePath({ probe, port }, 'app-probe'), { probe, isHook: false }],
      // Of hooks only what opens a connection: an HTTP hook may do something, and goes through the captured port.
      ...('tcpSocket' in probe ? [[probePath({ probe, port }, 'app-hook'), { probe, isHook: true }] as const] : []),
    ]),
  );
  const underWay = new Map<string, Promise<string | undefined>>();
  const failing = new Set<string>();

  return function askApp(path, userAgent) {
    const asked = table.get(path);
    if (asked === undefined) return undefined;
    const answer =
      underWay.get(path) ??
      ask(asked.probe, userAgent).then(
        (problem) => settle(path, problem),
        (error: unknown) => {
          // A bug of ours: not one that is answered with for ever.
          underWay.delete(path);
          throw error;
        },
      );
    underWay.set(path, answer);
    return answer.then((problem) => ({ problem, isHook: asked.isHook }));
  };

  function settle(path: string, problem: string | undefined): string | undefined {
    underWay.delete(path);
    if ((problem !== undefined) === failing.has(path)) return problem;
    if (problem === undefined) failing.delete(path);
    else failing.add(path);
    onChange?.(path, problem);
    return problem;
  }

  async function ask(probe: AppProbe, userAgent: string | undefined): Promise<string | undefined> {
    const signal = AbortSignal.timeout(deadlineMs);
    const refusals: string[] = [];
    for (const origin of upstreams) {
      const refusal = await refusalOf(origin, signal);
      if (refusal === undefined) return await question(probe, origin, userAgent, signal);
      refusals.push(`${new URL(origin).host} ${refusal}`);
    }
    return `the app does not accept: ${refusals.join(', ')}`;
  }

  function question(probe: AppProbe, origin: string, userAgent: string | undefined, signal: AbortSignal): Promise<string | undefined> {
    if ('grpc' in probe) return askGrpcHealth(origin, textOf(probe.grpc['service']), signal);
    if ('httpGet' in probe) return askHttp(origin, probe.httpGet, { userAgent, upstreamHost }, signal);
    return Promise.resolve(undefined);
  }
}

/** Why the origin accepts no connection; undefined where it does. */
function refusalOf(origin: string, signal: AbortSignal): Promise<string | undefined> {
  const { hostname, port } = new URL(origin);
  return new Promise((resolve) => {
    const socket = connect({ host: hostname.replace(/^\[(.*)\]$/, '$1'), port: port === '' ? 80 : Number(port), signal });
    socket.once('connect', () => {
      socket.destroy();
      resolve(undefined);
    });
    socket.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
  });
}

type HttpGet = Readonly<Record<string, unknown>>;

/** As a kubelet judges a GET: 200 to 399 is success, once the body is read as far as it reads one. A redirect is not followed. */
function askHttp(
  origin: string,
  httpGet: HttpGet,
  by: { readonly userAgent: string | undefined; readonly upstreamHost: string },
  signal: AbortSignal,
): Promise<string | undefined> {
  return new Promise((resolve) => {
    const own = headersOf(httpGet);
    const has = (name: string) => own.some(([key]) => key.toLowerCase() === name);
    const defaults = [
      ['Host', by.upstreamHost],
      ['User-Agent', by.userAgent ?? 'kube-probe'],
      ['Accept', '*/*'],
    ] as const;
    const headers = [...defaults.filter(([name]) => !has(name.toLowerCase())), ...own].flat();
    const sent = request(origin, { path: pathOf(httpGet), headers, agent: false, setHost: false, signal }, (response) => {
      const { statusCode = 0 } = response;
      let bytes = 0;
      const settle = (): void => {
        resolve(statusCode >= 200 && statusCode < 400 ? undefined : `the app answers ${statusCode}`);
        response.destroy();
      };
      response.on('end', settle);
      response.on('data', (chunk: Buffer) => {
        bytes += chunk.length;
        if (bytes > MOST_BODY_BYTES) settle();
      });
      response.on('error', () => resolve('the answer broke off'));
    });
    // Node closes a connection that was upgraded without asking, and says nothing more.
    sent.on('upgrade', (_response, socket) => {
      socket.destroy();
      resolve('the app answers 101');
    });
    sent.on('close', () => resolve('the connection was closed'));
    sent.on('error', (error: NodeJS.ErrnoException) => resolve(signal.aborted ? 'no answer in time' : (error.code ?? error.message)));
    sent.end();
  });
}

/** Only those that Node can send: it would throw at the others, as a kubelet would fail on them. */
function headersOf({ httpHeaders }: HttpGet): (readonly [string, string])[] {
  const list = Array.isArray(httpHeaders) ? (httpHeaders as { readonly name?: unknown; readonly value?: unknown }[]) : [];
  const pairs = list.map((each) => [textOf(each?.name), textOf(each?.value)] as const);
  return pairs.filter(([name, value]) => /^[\w!#$%&'*+.^`|~-]+$/.test(name) && !/[^\t\x20-\x7e\x80-\xff]/.test(value));
}

function pathOf({ path }: HttpGet): string {
  const text = textOf(path);
  const rooted = text.startsWith('/') ? text : `/${text}`;
  return rooted.toWellFormed().replaceAll(/[^\x21-\x7e]/gu, encodeURIComponent);
}

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');
