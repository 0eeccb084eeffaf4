import { isIP } from 'node:net';
import { isLoopback } from '../src/identity/cidr.ts';
import { type OptionSpec, readArguments } from '../src/lib/arguments.ts';
import { type Address, absolutePath, parseAddress, quoted, wholeNumber } from './option-values.ts';
import { byHand, inPod, type Place } from './server-options.ts';

export interface Options extends Place {
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
  /** PEM of the only CA that the issuer of tokens is verified against. */
  readonly identityCaFile?: string;
  readonly maxBodyBytes: number;
  /** From the start of the drain until what is still in flight is cut. */
  readonly graceMs: number;
}

export type ParsedOptions = { readonly ok: true; readonly options: Options } | { readonly ok: false; readonly errors: readonly string[] };

export const DEFAULT_MAX_BODY_BYTES = 8 * 1024 * 1024;
const DEFAULT_GRACE_SECONDS = 30;
const DEFAULT_CA_BUNDLES_DIR = '/etc/mcp-sluice/ca-bundles';
const DEFAULT_ENTRY_HEADERS_DIR = '/etc/mcp-sluice/entry-headers';

const specs: Readonly<Record<string, OptionSpec>> = {
  'in-pod': { type: 'boolean' },
  capture: { type: 'string' },
  port: { type: 'string', multiple: true },
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
  const parsing = { one, all: (name: string) => values.get(name) ?? [], hasServer, errors };
  const place = isInPod ? inPod(parsing, entries?.port) : byHand(parsing);

  const annotationsFile = one('annotations');
  if (annotationsFile === undefined)
    errors.push('--annotations is missing: the file of annotations, YAML or as the downward API writes it');
  const owner =
    one('owner') ?? (isInPod ? undefined : `local/Sidecar/${place.servers[0]?.upstreamHost.replace(/[^A-Za-z0-9.-]/g, '-') || 'unknown'}`);
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
    },
  };
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
