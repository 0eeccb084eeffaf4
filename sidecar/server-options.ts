import { isIP } from 'node:net';
import { isLoopback } from '../src/identity/cidr.ts';
import type { AppProbe } from '../src/lib/app-probe.ts';
import { ADMIN_PORT, MOST_SERVERS, redirectPorts } from '../src/lib/ports.ts';
import { type Address, askedProbe, parseAddress, quoted, wholeNumber } from './option-values.ts';

/** One MCP server of the pod, or the one that is served by hand. */
export interface ServerOptions {
  /** At which the app has it. */
  readonly port: number;
  readonly listen: readonly Address[];
  /** `http://host:port`, in the order in which they are tried. */
  readonly upstreams: readonly string[];
  /** What the upstream reads as `Host`. */
  readonly upstreamHost: string;
  /** What kubelets would have asked the app itself at this port, and ask at the admin port. */
  readonly probes: readonly AppProbe[];
}

/** What the two forms of the command line say each in its own way. */
export interface Place {
  /** Absent when run by hand, and where there is nothing to capture. */
  readonly capture?: 'takeover' | 'redirect';
  /** None where there are remote entries only. */
  readonly servers: readonly ServerOptions[];
  readonly admin?: Address;
  /** The pod's own addresses; by hand none. */
  readonly podIps: readonly string[];
}

interface Parsing {
  readonly one: (name: string) => string | undefined;
  readonly all: (name: string) => readonly string[];
  /** False: the pod has remote entries and nothing else. */
  readonly hasServer: boolean;
  readonly errors: string[];
}

/** The form with `--in-pod`. */
export function inPod({ one, all, hasServer, errors }: Parsing, entriesPort: number | undefined): Place {
  const podIps = readPodIps(one('pod-ips'), errors);
  const admin = { port: ADMIN_PORT };
  const probes = all('app-probe').flatMap((text) => askedProbe(text, errors) ?? []);
  if (!hasServer) return { servers: [], admin, podIps };
  const capture = one('capture');
  if (capture !== 'takeover' && capture !== 'redirect') errors.push(`--capture must be takeover or redirect, and is ${quoted(capture)}`);
  const ports = readPorts(all('port'), errors);
  const to = redirectPorts(ports.length);
  const ours = [ADMIN_PORT, entriesPort, ...(capture === 'redirect' ? to : [])];
  for (const port of ports) if (ours.includes(port)) errors.push(`--port ${port} is one of the sidecar's own`);
  for (const { port } of probes) {
    if (port !== undefined && !ports.includes(port)) errors.push(`--app-probe is about port ${port}, which is no --port`);
  }
  const isTakeover = capture === 'takeover';
  const servers = ports.map((port, index) => ({
    port,
    ...(isTakeover ? takenOver(port, podIps) : redirected(port, podIps, to[index] ?? 0)),
    upstreamHost: `127.0.0.1:${port}`,
    probes: probes.filter((asked) => asked.port === port || (asked.port === undefined && index === 0)).map(({ probe }) => probe),
  }));
  return { ...(isTakeover ? { capture: 'takeover' } : { capture: 'redirect' }), servers, admin, podIps };
}

type Ways = Pick<ServerOptions, 'listen' | 'upstreams'>;
const onLoopback = (port: number) => [`http://127.0.0.1:${port}`, `http://[::1]:${port}`];

/** The sidecar holds the pod's own addresses at the app's port, and leaves it loopback. */
function takenOver(port: number, podIps: readonly string[]): Ways {
  return { listen: podIps.map((host) => ({ host, port })), upstreams: onLoopback(port) };
}

/** Its traffic comes at another port, so that the app may listen wherever it likes, also on the pod's addresses alone. */
function redirected(port: number, podIps: readonly string[], to: number): Ways {
  const onAddresses = podIps.map((ip) => `http://${isIP(ip) === 6 ? `[${ip}]` : ip}:${port}`);
  return { listen: [{ port: to }], upstreams: [...onLoopback(port), ...onAddresses] };
}

function readPorts(texts: readonly string[], errors: string[]): readonly number[] {
  if (texts.length === 0) errors.push("--port is missing: the app's port");
  if (texts.length > MOST_SERVERS) errors.push(`--port stands ${texts.length} times, at most ${MOST_SERVERS} are served`);
  const ports = texts.slice(0, MOST_SERVERS).map((text) => wholeNumber('port', text, 1, 65_535, errors) ?? 0);
  for (const [index, port] of ports.entries())
    if (port !== 0 && ports.indexOf(port) !== index) errors.push(`--port ${port} is given twice`);
  return ports;
}

function readPodIps(text: string | undefined, errors: string[]): string[] {
  const podIps = (text ?? '').split(',').filter((ip) => ip !== '');
  for (const ip of podIps) {
    if (isIP(ip) === 0) errors.push(`--pod-ips: "${ip}" is no IP address`);
    else if (isLoopback(ip)) errors.push(`--pod-ips: "${ip}" is a loopback address, which is the app's own`);
  }
  if (podIps.length === 0) errors.push('--pod-ips is missing: the addresses of the pod, by comma');
  return podIps;
}

/** The form without. */
export function byHand({ one, all, hasServer, errors }: Parsing): Place {
  const listen = all('listen');
  const admin = one('admin');
  const common = { podIps: [], ...(admin !== undefined && { admin: parseAddress('admin', admin, errors) }) };
  const probes = all('app-probe')
    .flatMap((text) => askedProbe(text, errors) ?? [])
    .map(({ probe }) => probe);
  if (!hasServer) return { ...common, servers: [] };
  if (listen.length === 0) errors.push('--listen is missing: HOST:PORT, may be given more than once');
  const addresses = listen.map((text) => parseAddress('listen', text, errors));
  const upstream = one('upstream');
  let origin = '';
  let upstreamHost = '';
  let port = 0;
  if (upstream === undefined) errors.push('--upstream is missing: the http:// URL of the MCP server');
  else {
    const url = URL.canParse(upstream) ? new URL(upstream) : undefined;
    if (
      url?.protocol !== 'http:' ||
      url.pathname !== '/' ||
      url.search !== '' ||
      url.hash !== '' ||
      url.username !== '' ||
      url.password !== ''
    ) {
      errors.push(`--upstream ${quoted(upstream)} must be http://HOST:PORT, without path, query and credentials`);
    } else {
      origin = url.origin;
      port = url.port === '' ? 80 : Number(url.port);
      upstreamHost = `${url.hostname}:${port}`;
    }
  }
  return { ...common, servers: [{ port, listen: addresses, upstreams: [origin], upstreamHost, probes }] };
}
