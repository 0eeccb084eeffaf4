import { isIP } from 'node:net';
import { isLoopback } from '../src/identity/cidr.ts';
import { type AppProbe, decodeProbe } from '../src/lib/app-probe.ts';
import { type OptionSpec, readArguments } from '../src/lib/arguments.ts';
import { ADMIN_PORT, REDIRECT_PORT } from '../src/lib/ports.ts';

/** Where to listen; without a host, on all addresses of both families. */
export interface Address {
  readonly host?: string;
  readonly port: number;
}

export interface Options {
  /** Absent when run by hand, and where there is nothing to capture. */
  readonly capture?: 'takeover' | 'redirect';
  readonly listen: readonly Address[];
  /** `http://host:port`, in the order in which they are tried. */
  readonly upstreams: readonly string[];
  /** What the upstream reads as `Host`. */
  readonly upstreamHost: string;
  readonly admin?: Address;
  readonly annotationsFile: string;
  /** `namespace/Kind/name`: the name under which buckets are kept. */
  readonly owner: string;
  /** Names this replica among those of its owner, also after a restart of its container; absent: one of this process. */
  readonly podName?: string;
  /** Keeps the last good configuration and the drain socket. */
  readonly stateDir?: string;
  readonly redisSecretDir?: string;
  readonly redisCaFile?: string;
  /** Where the app reaches its remote entries: loopback. */
  readonly entries?: Address;
  /** CA bundles of entries, as `<entry>/<key>`. */
  readonly caBundlesDir: string;
  /** Secrets for headers of entries, as `<entry>/<secret>/<key>`. */
  readonly entryHeadersDir: string;
  /** The pod's own addresses; by hand none. */
  readonly podIps: readonly string[];
  /** PEM of the only CA that the issuer of tokens is verified against. */
  readonly identityCaFile?: string;
  readonly maxBodyBytes: number;
  /** From the start of the drain until what is still in flight is cut. */
  readonly graceMs: number;
  /** What kubelets would have asked the app itself, and ask at the admin port. */
  readonly probes: readonly AppProbe[];
}

export type ParsedOptions = { readonly ok: true; readonly options: Options } | { readonly ok: false; readonly errors: readonly string[] };

export const DEFAULT_MAX_BODY_BYTES = 8 * 1024 * 1024;
const DEFAULT_GRACE_SECONDS = 30;
const DEFAULT_CA_BUNDLES_DIR = '/etc/mcp-sluice/ca-bundles';
const DEFAULT_ENTRY_HEADERS_DIR = '/etc/mcp-sluice/entry-headers';

const specs: Readonly<Record<string, OptionSpec>> = {
  'in-pod': { type: 'boolean' },
  capture: { type: 'string' },
  port: { type: 'string' },
  'pod-ips': { type: 'string' },
  listen: { type: 'string', multiple: true },
  upstream: { type: 'string' },
  admin: { type: 'string' },
  entries: { type: 'string' },
  'ca-bundles-dir': { type: 'string' },
  'entry-headers-dir': { type: 'string' },
  annotations: { type: 'string' },
  owner: { type: 'string' },
  'pod-name': { type: 'string' },
  'state-dir': { type: 'string' },
  'redis-secret-dir': { type: 'string' },
  'redis-ca-file': { type: 'string' },
  'identity-ca-file': { type: 'string' },
  'max-body': { type: 'string' },
  'grace-seconds': { type: 'string' },
  'app-probe': { type: 'string', multiple: true },
};

const ofPod = ['capture', 'port', 'pod-ips'];
const ofHand = ['listen', 'upstream', 'admin'];
const ofServer = ['capture', 'port', 'upstream'];

/** Makes options of a command line, in either of its two forms, or says everything that is wrong with it. */
export function parseOptions(argv: readonly string[]): ParsedOptions {
  const { values, errors: syntaxErrors } = readArguments(argv, specs);
  const errors = [...syntaxErrors];
  const one = (name: string): string | undefined => values.get(name)?.[0];
  const isInPod = values.has('in-pod');

  for (const name of isInPod ? ofHand : ofPod) {
    if (values.has(name)) errors.push(`--${name} is of the form ${isInPod ? 'without' : 'with'} --in-pod`);
  }
  const entries = entriesAddress(one('entries'), errors);
  // A pod of remote entries only has no server of its own.
  const hasServer = entries === undefined || [...ofServer, 'listen'].some((name) => values.has(name));
  const place = isInPod
    ? inPod(one, { hasServer, entriesPort: entries?.port, errors })
    : byHand(one, values.get('listen') ?? [], { hasServer, errors });

  const annotationsFile = one('annotations');
  if (annotationsFile === undefined)
    errors.push('--annotations is missing: the file of annotations, YAML or as the downward API writes it');
  const owner = one('owner') ?? (isInPod ? undefined : `local/Sidecar/${place.upstreamHost.replace(/[^A-Za-z0-9.-]/g, '-') || 'unknown'}`);
  if (owner === undefined) errors.push('--owner is missing: namespace/Kind/name, under which buckets are kept');
  else if (!/^[a-z0-9.-]+\/[A-Za-z]+\/[A-Za-z0-9.-]+$/.test(owner))
    errors.push(`--owner "${owner}" is not of the form namespace/Kind/name`);
  const podName = one('pod-name');
  if (podName !== undefined && !/^[a-z0-9](?:[a-z0-9.-]{0,252})$/.test(podName))
    errors.push(`--pod-name ${quoted(podName)} is no name of a pod`);
  const redisCaFile = absolutePath('redis-ca-file', one, errors);
  const identityCaFile = absolutePath('identity-ca-file', one, errors);
  const caBundlesDir = absolutePath('ca-bundles-dir', one, errors) ?? DEFAULT_CA_BUNDLES_DIR;
  const entryHeadersDir = absolutePath('entry-headers-dir', one, errors) ?? DEFAULT_ENTRY_HEADERS_DIR;
  const maxBodyBytes = wholeNumber('max-body', one('max-body'), 1, 64 * 1024 * 1024, errors) ?? DEFAULT_MAX_BODY_BYTES;
  const graceSeconds = wholeNumber('grace-seconds', one('grace-seconds'), 0, 86_400 * 31, errors) ?? DEFAULT_GRACE_SECONDS;
  const probes = (values.get('app-probe') ?? []).map((text) => appProbe(text, errors)).filter((probe) => probe !== undefined);
  if (errors.length > 0 || annotationsFile === undefined || owner === undefined) return { ok: false, errors };

  const stateDir = one('state-dir');
  const redisSecretDir = one('redis-secret-dir');
  return {
    ok: true,
    options: {
      ...place,
      ...(entries !== undefined && { entries }),
      caBundlesDir,
      entryHeadersDir,
      annotationsFile,
      owner,
      ...(podName !== undefined && { podName }),
      ...(stateDir !== undefined && { stateDir }),
      ...(redisSecretDir !== undefined && { redisSecretDir }),
      ...(redisCaFile !== undefined && { redisCaFile }),
      ...(identityCaFile !== undefined && { identityCaFile }),
      maxBodyBytes,
      graceMs: graceSeconds * 1000,
      probes,
    },
  };
}

type Place = Pick<Options, 'capture' | 'listen' | 'upstreams' | 'upstreamHost' | 'admin' | 'podIps'>;
interface Parsing {
  /** False: the pod has remote entries and nothing else. */
  readonly hasServer: boolean;
  readonly errors: string[];
}

/**
 * `takeover` holds the pod's own addresses at the app's port and leaves it
 * loopback. `redirect` gets the port's traffic on another one, so that the app
 * may listen wherever it likes, also on the pod's addresses alone.
 */
function inPod(
  one: (name: string) => string | undefined,
  { hasServer, entriesPort, errors }: Parsing & { readonly entriesPort: number | undefined },
): Place {
  const podIps = readPodIps(one('pod-ips'), errors);
  const admin = { port: ADMIN_PORT };
  if (!hasServer) return { listen: [], upstreams: [], upstreamHost: '', admin, podIps };
  const capture = one('capture');
  if (capture !== 'takeover' && capture !== 'redirect') errors.push(`--capture must be takeover or redirect, and is ${quoted(capture)}`);
  if (one('port') === undefined) errors.push("--port is missing: the app's port");
  const port = wholeNumber('port', one('port'), 1, 65_535, errors) ?? 0;
  const isOurs = port === ADMIN_PORT || port === entriesPort || (capture === 'redirect' && port === REDIRECT_PORT);
  if (isOurs) errors.push(`--port ${port} is one of the sidecar's own`);
  const loopback = [`http://127.0.0.1:${port}`, `http://[::1]:${port}`];
  const isTakeover = capture === 'takeover';
  return {
    ...(isTakeover ? { capture: 'takeover' } : { capture: 'redirect' }),
    listen: isTakeover ? podIps.map((host) => ({ host, port })) : [{ port: REDIRECT_PORT }],
    upstreams: isTakeover ? loopback : [...loopback, ...podIps.map((ip) => `http://${isIP(ip) === 6 ? `[${ip}]` : ip}:${port}`)],
    upstreamHost: `127.0.0.1:${port}`,
    admin,
    podIps,
  };
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

/** Whoever reaches it uses the credentials of the entries: the pod alone. */
function entriesAddress(text: string | undefined, errors: string[]): Address | undefined {
  if (text === undefined) return undefined;
  const address = parseAddress('entries', text, errors);
  if (address.host !== undefined && isIP(address.host) !== 0 && !isLoopback(address.host)) {
    errors.push(`--entries "${text}" must be at loopback, as whoever reaches it uses the credentials of the entries`);
  }
  return address;
}

function byHand(one: (name: string) => string | undefined, listen: readonly string[], { hasServer, errors }: Parsing): Place {
  const admin = one('admin');
  const common = { podIps: [], ...(admin !== undefined && { admin: parseAddress('admin', admin, errors) }) };
  if (!hasServer) return { ...common, listen: [], upstreams: [], upstreamHost: '' };
  if (listen.length === 0) errors.push('--listen is missing: HOST:PORT, may be given more than once');
  const addresses = listen.map((text) => parseAddress('listen', text, errors));
  const upstream = one('upstream');
  let origin = '';
  let upstreamHost = '';
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
      upstreamHost = `${url.hostname}:${url.port === '' ? 80 : url.port}`;
    }
  }
  return { ...common, listen: addresses, upstreams: [origin], upstreamHost };
}

function parseAddress(option: string, text: string, errors: string[]): Address {
  const [, host = '', portText = ''] = /^(.*):(\d{1,5})$/s.exec(text) ?? [];
  const bare = host.replace(/^\[(.*)\]$/s, '$1');
  const isNamed = bare === 'localhost' || (isIP(bare) !== 0 && (isIP(bare) === 4 || host.startsWith('[')));
  if (!isNamed || Number(portText) > 65_535) {
    errors.push(`--${option} ${quoted(text)} must be HOST:PORT, HOST being an IPv4 address, an IPv6 address in brackets, or localhost`);
  }
  return { host: bare === 'localhost' ? '127.0.0.1' : bare, port: Number(portText) };
}

function wholeNumber(option: string, text: string | undefined, least: number, most: number, errors: string[]): number | undefined {
  if (text === undefined) return undefined;
  const value = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
  if (value >= least && value <= most) return value;
  errors.push(`--${option} ${quoted(text)} must be a whole number from ${least} to ${most}`);
  return undefined;
}

/** Contract §9.13: absolute, without NUL and `..`. */
function absolutePath(option: string, one: (name: string) => string | undefined, errors: string[]): string | undefined {
  const path = one(option);
  if (path === undefined || (path.startsWith('/') && !path.includes('\0') && !path.split('/').includes('..'))) return path;
  errors.push(`--${option} "${path}" must be an absolute path without ".." and NUL`);
  return undefined;
}

function appProbe(text: string, errors: string[]): AppProbe | undefined {
  const probe = decodeProbe(text);
  if (probe === undefined) errors.push(`--app-probe ${quoted(text)} is not the JSON of one httpGet, tcpSocket or grpc`);
  return probe;
}

const quoted = (text: string | undefined): string => (text === undefined ? 'missing' : `"${text}"`);
