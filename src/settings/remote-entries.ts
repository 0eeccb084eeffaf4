import * as z from 'zod';
import { hasControlCharacter, isDnsLabel } from '../lib/names.ts';
import { quote } from '../lib/quote.ts';
import { judgeHost } from '../lib/read-host.ts';
import { checkConfigKey, checkConfigMapName } from './ca-reference.ts';
import { entryHeaders } from './entry-headers.ts';
import { checkHttpUrl } from './https-url.ts';
import { acrossFields, customIssue, fields, parsed, type Refuse, type Report } from './parsed.ts';
import { rateLimit } from './rate-limit.ts';
import type { EntryBundle, RemoteEntry } from './settings.ts';

/** Each has its own connections, certificates and buckets in the sidecar, whose memory limit bears so many. */
export const MOST_ENTRIES = 32;
const DEFAULT_KEY = 'ca.crt';

const entryName = parsed((text, refuse) => {
  if (!isDnsLabel(text)) refuse('BAD_NAME', `${quote(text)} is no name of an entry (lower-case letters, digits and "-", at most 63)`);
  return text;
});

/** The URL as it will be dialled: what is judged of it later must not be a spelling of something else. */
function readUrl(text: string, refuse: Refuse): string {
  let isRefused = false;
  checkHttpUrl(text, (...fault) => {
    isRefused = true;
    refuse(...fault);
  });
  if (isRefused) return text;
  // A name that ends in a number and is no address, for one (URL Standard §3.5).
  if (!URL.canParse(text)) refuse('BAD_URL', `${quote(text)} has a host that is none`);
  return URL.parse(text)?.href ?? text;
}

const configMap = parsed((text, refuse) => {
  checkConfigMapName(text, refuse);
  return text;
});
const configKey = parsed((text, refuse) => {
  checkConfigKey(text, refuse);
  return text;
});
/** Contract §9.13: a hand-run sidecar reads its bundle from a file. */
const caFile = parsed((text, refuse) => {
  const isSound = text.startsWith('/') && !text.split('/').includes('..') && !hasControlCharacter(text);
  if (!isSound) refuse('BAD_PATH', `${quote(text)} is no absolute path without ".." and control characters`);
  return text;
});

const caBundle = acrossFields(
  fields({
    configMap: configMap.optional().describe('In the namespace of the pod.'),
    key: configKey.optional().describe(`Of the ConfigMap; ${DEFAULT_KEY}.`),
    caFile: caFile.optional().describe('In place of a ConfigMap, for a sidecar that is run by hand.'),
    exclusive: z.boolean().optional().describe("In place of the system's roots, not beside them; false."),
  }),
  (value, report) => {
    const isBoth = Object.hasOwn(value, 'configMap') === Object.hasOwn(value, 'caFile');
    if (isBoth) report('BAD_CA', 'names its CA by exactly one of configMap and caFile');
    if (Object.hasOwn(value, 'caFile') && Object.hasOwn(value, 'key')) report('BAD_CA', 'key belongs to configMap, not to caFile', ['key']);
  },
).transform(
  ({ configMap: name, key = DEFAULT_KEY, caFile: file, exclusive = false }): EntryBundle =>
    file === undefined ? { configMap: name ?? '', key, exclusive } : { caFile: file, exclusive },
);

type Fields = Readonly<Record<string, unknown>>;

function checkScheme(value: Fields, report: Report): void {
  if (typeof value['url'] !== 'string' || !value['url'].startsWith('http://')) return;
  if (value['allowInsecure'] !== true)
    report('INSECURE_URL', 'is not encrypted; write https://, or allowInsecure: true beside it', ['url']);
  if (Object.hasOwn(value, 'caBundle')) {
    const message = 'is asked by nobody, as the URL is no TLS connection; write https://, or take caBundle away';
    report('CA_WITHOUT_TLS', message, ['caBundle']);
  }
}

/** Addresses in the URL itself; what a name resolves to is judged whenever the sidecar dials. */
function checkReach(value: Fields, report: Report): void {
  const host = typeof value['url'] === 'string' ? URL.parse(value['url'])?.hostname : undefined;
  const judged = host === undefined ? undefined : judgeHost(host);
  if (judged?.reach === 'forbidden')
    report('FORBIDDEN_ADDRESS', `leads to ${quote(host)}, ${judged.what}: the sidecar never goes there`, ['url']);
  if (judged?.reach === 'private' && value['allowPrivate'] !== true) {
    report('PRIVATE_ADDRESS', `leads to ${quote(host)}, ${judged.what}; write allowPrivate: true beside it if that is meant`, ['url']);
  }
}

/** One element of `remote-entries`. */
export const remoteEntry = acrossFields(
  fields({
    name: entryName.describe('The app finds it at $MCP_ENTRY_<NAME>_URL.'),
    url: parsed(readUrl).describe('Absolute, https.'),
    transport: z.enum(['streamable-http', 'sse']).optional().describe('streamable-http.'),
    caBundle: caBundle.optional().describe('What its certificate is verified against, beside the system roots.'),
    allowPrivate: z.boolean().optional().describe('Private, CGNAT and unique local addresses; false.'),
    allowInsecure: z.boolean().optional().describe('An http URL; false.'),
    headers: entryHeaders.optional().describe('Request headers from Secrets of the namespace.'),
    rateLimit: rateLimit.optional().describe('As the annotation `rate-limit`, without `perClient`.'),
  }),
  (value, report) => {
    checkScheme(value, report);
    checkReach(value, report);
  },
).transform(
  ({ name, url, transport, caBundle: bundle, allowPrivate, allowInsecure, headers, rateLimit: limits }): RemoteEntry => ({
    name,
    url,
    transport: transport ?? 'streamable-http',
    ...(bundle === undefined ? {} : { caBundle: bundle }),
    allowPrivate: allowPrivate ?? false,
    allowInsecure: allowInsecure ?? false,
    headers: headers ?? [],
    ...(limits === undefined ? {} : { rateLimit: limits }),
  }),
);

function checkNames(entries: readonly unknown[], report: (index: number, message: string) => void): void {
  const first = new Map<string, number>();
  for (const [index, given] of entries.entries()) {
    const name = (given as Partial<RemoteEntry> | null | undefined)?.name;
    if (typeof name !== 'string') continue;
    const former = first.get(name);
    if (former === undefined) first.set(name, index);
    else report(index, `${quote(name)} is the name of entry [${former}] too; give each its own`);
  }
}

/** The annotation `remote-entries`. */
export const remoteEntries = z
  .array(remoteEntry)
  .min(1)
  .max(MOST_ENTRIES)
  .superRefine(
    (entries, context) =>
      checkNames(entries, (index, message) => context.addIssue(customIssue('DUPLICATE_ENTRY', message, [index, 'name']))),
    { when: ({ value }) => Array.isArray(value) },
  );
