import { classifyAddress, isSameAddress } from '../src/lib/forbidden-address.ts';
import { judgeHost, readHost } from '../src/lib/read-host.ts';
import type { RemoteEntry } from '../src/settings/settings.ts';
import { EntryFault } from './entry-fault.ts';
import type { Resolve } from './entry-resolve.ts';

declare const checked: unique symbol;
/** Addresses that may be dialled; made nowhere but here. */
export type CheckedAddresses = readonly [string, ...string[]] & { readonly [checked]: true };

export interface AddressDeps {
  readonly resolve: Resolve;
  /** The pod's own. */
  readonly ownAddresses: readonly string[];
}

/**
 * The addresses of an entry's host, each of them checked; rejects with an `EntryFault`.
 *
 * One forbidden address refuses the whole answer. To skip it and dial the rest would be as safe, since only what was
 * checked is dialled; but a name that mixes the two is rebinding or a mistake in DNS, and which of its calls work must
 * not depend on an order that resolvers shuffle.
 */
export async function checkedAddresses(entry: RemoteEntry, deps: AddressDeps): Promise<CheckedAddresses> {
  const { hostname } = new URL(entry.url);
  const host = readHost(hostname);
  // A name of loopback or metadata is not asked for: what it means need not be what DNS says.
  const known = judgeHost(hostname);
  if (host === undefined || (host.kind === 'name' && known?.reach === 'forbidden'))
    throw refusal(entry, `its host ${hostname} is ${known?.what ?? 'no host'}`);
  // The dot at the end says that no search list applies.
  const addresses = host.kind === 'address' ? [host.address] : await ask(entry, hostname.endsWith('.') ? `${host.name}.` : host.name, deps);
  const answer = host.kind === 'address' ? 'its address' : `its host ${host.name} has the address`;
  for (const address of addresses) {
    const isOwn = deps.ownAddresses.some((own) => isSameAddress(own, address));
    const { reach, what } = classifyAddress(address);
    if (isOwn) throw refusal(entry, `${answer} ${address}, which is this pod's own`);
    if (reach === 'forbidden') throw refusal(entry, `${answer} ${address}, ${what}`);
    if (reach === 'private' && !entry.allowPrivate)
      throw refusal(entry, `${answer} ${address}, ${what}`, 'If that is where it should be, set allowPrivate: true for this entry.');
  }
  if (addresses.length === 0) throw noAddress(entry, 'ENODATA');
  return addresses as readonly string[] as CheckedAddresses;
}

async function ask(entry: RemoteEntry, name: string, { resolve }: AddressDeps): Promise<readonly string[]> {
  try {
    return await resolve(name);
  } catch (error) {
    throw noAddress(entry, (error as NodeJS.ErrnoException).code ?? 'unknown error');
  }
}

function refusal({ name }: RemoteEntry, cause: string, remedy = 'No entry may be there; give it another url.'): EntryFault {
  const message = `Remote entry "${name}" is not connected to: ${cause}. ${remedy}`;
  return new EntryFault({ reason: 'forbidden-address', status: 502, message });
}

export function noAddress({ name, url }: RemoteEntry, code: string): EntryFault {
  const message = `Remote entry "${name}" is not reached: DNS gives no address for ${new URL(url).hostname} (${code}). Check the host of its url, and that the pod's DNS knows it.`;
  return new EntryFault({ reason: 'dns', status: 502, message });
}
