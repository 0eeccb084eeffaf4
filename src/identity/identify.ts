import type { HeaderIdentity } from '../settings/settings.ts';
import { createRanges } from './cidr.ts';

/** Who calls, as far as it is known. */
export type Identified =
  /**
   * `client` absent: anonymous. `isHeaderTrusted` false: the identity header must not reach the upstream.
   * `refusedAsMessage`: what becomes of it if it turns out to be a JSON-RPC message.
   */
  | { readonly ok: true; readonly client?: string; readonly isHeaderTrusted: boolean; readonly refusedAsMessage?: Unidentified }
  | Unidentified;

export interface Unidentified {
  readonly ok: false;
  readonly rung: string;
  readonly status: number;
  readonly message: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Passes as anonymous where nothing is enforced: it can mislead nobody about who calls. */
  readonly isLetPassInShadow: boolean;
}

export interface Peer {
  /** The address at the other end of the connection, never one that a header claims. */
  readonly address: string | undefined;
  /** Names and values by turns, as received. */
  readonly rawHeaders: readonly string[];
  readonly method: string;
  /** Whether MCP is spoken there. */
  readonly isMcpPath: boolean;
}

export type Identify = (peer: Peer) => Identified | Promise<Identified>;

/** Names longer than this are refused: they would only serve to fill Redis and logs. */
export const CLIENT_NAME_LIMIT_CHARACTERS = 512;

/** Nobody in particular; what it says of itself is not believed. */
export const anonymous: Extract<Identified, { ok: true }> = { ok: true, isHeaderTrusted: false };

/**
 * The operator's header names the client, believed only from the ranges given;
 * from any other peer it counts for nothing. A trusted peer that sends it twice is
 * refused: whichever value we took, the upstream might take the other.
 */
export function createIdentify(header: HeaderIdentity | undefined): (peer: Pick<Peer, 'address' | 'rawHeaders'>) => Identified {
  if (header === undefined) return () => anonymous;
  const isTrusted = createRanges(header.from);
  return function identify(peer) {
    if (!isTrusted(peer.address)) return anonymous;
    let client: string | undefined;
    for (let i = 0; i < peer.rawHeaders.length; i += 2) {
      if (!isIdentityHeader(peer.rawHeaders[i] ?? '', header.name)) continue;
      if (client !== undefined) return refused('identity:duplicate-header', `The header "${header.name}" stands twice.`);
      client = peer.rawHeaders[i + 1] ?? '';
    }
    if (client === undefined || client === '') return { ok: true, isHeaderTrusted: true };
    if (client.length > CLIENT_NAME_LIMIT_CHARACTERS) {
      return refused('identity:name-too-long', `The header "${header.name}" exceeds ${CLIENT_NAME_LIMIT_CHARACTERS} characters.`);
    }
    return { ok: true, client, isHeaderTrusted: true };
  };
}

/** Also under its alias: CGI and WSGI servers read `X_User` and `X-User` as one header (RFC 3875 §4.1.18). */
export function isIdentityHeader(name: string, identityHeader: string): boolean {
  return fold(name) === fold(identityHeader);
}

const fold = (name: string): string => name.toLowerCase().replaceAll('_', '-');

const refused = (rung: string, message: string): Identified => ({ ok: false, rung, status: 400, message, isLetPassInShadow: false });
