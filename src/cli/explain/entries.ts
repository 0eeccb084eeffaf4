import { entryVariable } from '../../inject/entry-env.ts';
import type { EntryBundle, Limit, RateLimit, RemoteEntry } from '../../settings/settings.ts';

/** A remote entry as it is in force: of its headers where the values come from, and never a value. */
export interface EntryInForce {
  readonly name: string;
  /** The variable that tells the app, and what it says. */
  readonly variable: string;
  readonly local: string;
  readonly url: string;
  readonly transport: RemoteEntry['transport'];
  /** What its certificate is verified against, or why it is not. */
  readonly trust: string;
  readonly addresses: 'public' | 'public and private';
  /** `Authorization: key token of Secret github` */
  readonly headers: readonly string[];
  readonly limit: string;
}

export function entriesInForce(entries: readonly RemoteEntry[]): EntryInForce[] {
  return entries.map(({ name, url, transport, caBundle, allowPrivate, headers, rateLimit }) => {
    const { name: variable, value: local } = entryVariable(name);
    return {
      ...{ name, variable, local, url, transport },
      trust: url.startsWith('http:') ? 'nothing: the URL is http (allowInsecure)' : trustWords(caBundle),
      addresses: allowPrivate ? 'public and private' : 'public',
      headers: headers.map((header) => `${header.name}: key ${header.key} of Secret ${header.secret}`),
      limit: rateLimit === undefined ? 'none: every call passes' : limitWords(rateLimit),
    };
  });
}

/** An entry as lines for people. */
export function renderEntry({ name, variable, local, url, transport, trust, addresses, headers, limit }: EntryInForce): string[] {
  return [
    `${name}: ${local} (${variable}) → ${url}, ${transport}`,
    `  trusts ${trust}; reaches ${addresses} addresses; limit: ${limit}`,
    ...headers.map((header) => `  header ${header}`),
  ];
}

function trustWords(bundle: EntryBundle | undefined): string {
  if (bundle === undefined) return "the system's roots";
  const from = 'configMap' in bundle ? `ConfigMap ${bundle.configMap}, key ${bundle.key}` : bundle.caFile;
  return bundle.exclusive ? `${from}, alone` : `${from}, beside the system's roots`;
}

function limitWords({ shared, tools, methods }: RateLimit): string {
  const whole = shared === undefined ? [] : [limitOf({ shared, cost: 1 })];
  const parts = [
    ...tools.map((tool) => `tool ${tool.pattern} ${limitOf(tool)}`),
    ...methods.map((method) => `method ${method.method} ${limitOf(method)}`),
  ];
  return [...whole, ...parts].join('; ');
}

function limitOf({ shared, cost }: Limit): string {
  const size = shared === undefined ? [] : [`${shared.maxTokens}/${shared.refillPeriod}`];
  return [...size, ...(cost === 1 ? [] : [`cost ${cost}`])].join(', ');
}
