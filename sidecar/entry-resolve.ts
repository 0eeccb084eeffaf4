import { Resolver } from 'node:dns/promises';
import { readFile } from 'node:fs/promises';
import { isIP } from 'node:net';

/** All addresses of a name, A and AAAA; rejects with a code (`ENOTFOUND`, …) where there is none. */
export type Resolve = (hostname: string) => Promise<readonly string[]>;

/** Two tries of a second leave room for a search list in the five seconds that a connection may take. */
const TRY_MS = 1_000;
const TRIES = 2;

export interface ResolveSources {
  readonly hosts: () => Promise<string>;
  readonly resolvConf: () => Promise<string>;
  /** All records of one name as it stands; rejects with a code (`ENOTFOUND`, `ENODATA`, …). */
  readonly query: (name: string, type: 'A' | 'AAAA') => Promise<readonly string[]>;
}

/**
 * Resolves a name as the pod's own programs do: `/etc/hosts`, then DNS with the search list (resolv.conf(5)), so that
 * `server.namespace` is a Service here too.
 *
 * Not by `dns.lookup`: getaddrinfo holds one of libuv's four threads for as long as a dead DNS server lets it, so that
 * a few names which nobody answers for would stop every other entry, and every read of a file.
 */
export function createResolve(sources: ResolveSources): Resolve {
  return async (name) => {
    const written = inHosts(await orEmpty(sources.hosts()), name.replace(/\.$/, ''));
    if (written.length > 0) return written;
    let failure: unknown;
    for (const candidate of candidates(name, await orEmpty(sources.resolvConf()))) {
      const answers = await Promise.allSettled([sources.query(candidate, 'A'), sources.query(candidate, 'AAAA')]);
      // IPv4 first: clusters without IPv6 beyond their edge are common, the opposite is not.
      const addresses = answers.flatMap((answer) => (answer.status === 'fulfilled' ? answer.value : []));
      if (addresses.length > 0) return addresses;
      for (const answer of answers) if (answer.status === 'rejected') failure = worse(failure, answer.reason);
    }
    throw failure ?? Object.assign(new Error('no addresses'), { code: 'ENODATA' });
  };
}

/** Names to ask for, in order (resolv.conf(5), `search` and `ndots`). */
function candidates(name: string, resolvConf: string): string[] {
  if (name.endsWith('.')) return [name.slice(0, -1)];
  const search = [...resolvConf.matchAll(/^(?:search|domain)[ \t]+(.*)$/gm)].at(-1)?.[1]?.trim().split(/\s+/) ?? [];
  const ndots = Number(/^options\b.*\bndots:(\d+)/m.exec(resolvConf)?.[1] ?? 1);
  const searched = search.filter((domain) => domain !== '' && domain !== '.').map((domain) => `${name}.${domain.replace(/\.$/, '')}`);
  return name.split('.').length - 1 >= ndots ? [name, ...searched] : [...searched, name];
}

function inHosts(hosts: string, name: string): string[] {
  const wanted = name.toLowerCase();
  return hosts.split('\n').flatMap((line) => {
    const [address = '', ...names] = line.replace(/#.*/, '').trim().toLowerCase().split(/\s+/);
    return isIP(address) !== 0 && names.includes(wanted) ? [address] : [];
  });
}

/** A server that could not tell says more than one that knows no such name. */
function worse(former: unknown, reason: unknown): unknown {
  const isPlain = (error: unknown): boolean => ['ENOTFOUND', 'ENODATA'].includes(String((error as NodeJS.ErrnoException)?.code));
  return former === undefined || (isPlain(former) && !isPlain(reason)) ? reason : former;
}

/** A system without the file works as with an empty one. */
async function orEmpty(text: Promise<string>): Promise<string> {
  try {
    return await text;
  } catch {
    return '';
  }
}

/** Of this system. */
export function systemResolve(): Resolve {
  const resolver = new Resolver({ timeout: TRY_MS, tries: TRIES });
  return createResolve({
    hosts: () => readFile('/etc/hosts', 'utf8'),
    resolvConf: () => readFile('/etc/resolv.conf', 'utf8'),
    query: (name, type) => (type === 'A' ? resolver.resolve4(name) : resolver.resolve6(name)),
  });
}
