import { isIP } from 'node:net';
import { isLoopback } from '../src/identity/cidr.ts';
import { headerValue } from './headers.ts';

export interface Asked {
  readonly rawHeaders: readonly string[];
  readonly httpVersion: string;
  /** The address at which the connection came in is loopback. */
  readonly isLoopbackListener: boolean;
}

export type OriginVerdict = undefined | { readonly rung: string; readonly status: 400 | 403; readonly message: string };

const hostPattern = /^(\[[0-9a-f:.]+\]|[a-z0-9_-]+(?:\.[a-z0-9_-]+)*\.?)(?::(\d{1,5}))?$/i;

/**
 * The check of MCP's transport section ("servers MUST validate the Origin
 * header") made here, as the upstream reads a rewritten `Host` and could not make
 * it any more. `Host`: RFC 9112 §3.2.
 */
export function judgeOrigin(asked: Asked): OriginVerdict {
  const host = headerValue(asked.rawHeaders, 'host');
  if (host === undefined) {
    return asked.httpVersion === '1.0' ? undefined : { rung: 'bounds:host', status: 400, message: 'The header "Host" is missing.' };
  }
  const hostName = hostPattern.exec(host)?.[1]?.toLowerCase();
  if (hostName === undefined) return { rung: 'bounds:host', status: 400, message: 'The header "Host" is not valid.' };
  if (asked.isLoopbackListener && !isLoopbackName(hostName)) {
    // DNS rebinding: a page at evil.example whose name was made to point at 127.0.0.1.
    return { rung: 'bounds:host', status: 403, message: 'The header "Host" must name loopback on a loopback listener.' };
  }
  const origin = headerValue(asked.rawHeaders, 'origin');
  if (origin === undefined) return undefined;
  const originName = hostOfOrigin(origin);
  if (originName !== undefined && (originName === hostName || (asked.isLoopbackListener && isLoopbackName(originName)))) return undefined;
  return { rung: 'bounds:origin', status: 403, message: 'The header "Origin" names another host than "Host".' };
}

/** `undefined` for `null` and for what is no origin of a web page (RFC 6454 §7). */
function hostOfOrigin(origin: string): string | undefined {
  const authority = /^https?:\/\/(.*)$/is.exec(origin)?.[1];
  return authority === undefined ? undefined : hostPattern.exec(authority)?.[1]?.toLowerCase();
}

function isLoopbackName(hostName: string): boolean {
  const bare = hostName.replace(/^\[(.*)\]$/, '$1').replace(/\.$/, '');
  return bare === 'localhost' || (isIP(bare) !== 0 && isLoopback(bare));
}
