import { isHost, isPort } from '../lib/address.ts';
import { quote } from '../lib/quote.ts';
import { parsed, type Refuse } from './parsed.ts';

export const URL_CREDENTIALS = 'holds credentials before the "@", where anybody may read them; take them out and name a Secret';
const LONGEST_URL_CHARACTERS = 2048;

/** An absolute URL in parts, split by hand: WHATWG's parser mends (`https:\\host`, tabs) what ought to be refused. */
export interface UrlParts {
  readonly scheme: string;
  readonly authority: string;
  readonly rest: string;
}

/** Refuses what no URL of ours may be: relative, with credentials (never repeated in the message), with characters that no URL has. */
export function splitUrl(text: string, refuse: Refuse): UrlParts | undefined {
  // RFC 3986 §2: the characters of a URI.
  const found = text.length > LONGEST_URL_CHARACTERS ? null : /^([a-z][a-z0-9+.-]*):\/\/([^/?#]*)([/?#].*)?$/i.exec(text);
  if (found?.[2]?.includes('@')) {
    refuse('URL_CREDENTIALS', URL_CREDENTIALS);
    return undefined;
  }
  if (found === null || !/^[A-Za-z0-9\-._~:/?#[\]@!$&'()*+,;=%]*$/.test(text)) {
    refuse('BAD_URL', `${shown(text)} is no absolute URL of at most ${LONGEST_URL_CHARACTERS} characters (scheme://host/path)`);
    return undefined;
  }
  return { scheme: found[1] ?? '', authority: found[2] ?? '', rest: found[3] ?? '' };
}

/** A URL, or what was meant as one, for a message: what stands before an "@" may be a password. */
function shown(text: string): string {
  const at = text.lastIndexOf('@');
  return quote(at === -1 ? text : `…${text.slice(at)}`);
}

/** Says which host is none; its text is kept back where it may be half of a password with a "/" in it. */
function refuseHost(text: string, host: string, refuse: Refuse): void {
  refuse('BAD_URL', `${text.includes('@') ? shown(text) : quote(host)} is no host, nor host:port`);
}

/** Whether it is `host` or `host:port`. */
export function isHostAndPort(authority: string): boolean {
  const found = /^(\[[^\]]*\]|[^:]*)(?::(.*))?$/.exec(authority);
  return found !== null && isHost(found[1] ?? '') && (found[2] === undefined || isPort(found[2]));
}

export function checkHttpUrl(text: string, refuse: Refuse): string {
  const parts = splitUrl(text, refuse);
  if (parts === undefined) return '';
  if (!/^https?$/.test(parts.scheme)) refuse('BAD_URL', `${shown(text)} has the scheme ${quote(parts.scheme)}; https is asked for`);
  if (!isHostAndPort(parts.authority)) refuseHost(text, parts.authority, refuse);
  if (parts.rest.includes('#')) refuse('BAD_URL', `${shown(text)} has a fragment ("#"), which no server sees`);
  return parts.scheme;
}

/** An absolute `https` URL without credentials. */
export const httpsUrl = parsed((text, refuse) => {
  if (checkHttpUrl(text, refuse) === 'http') refuse('INSECURE_URL', `${shown(text)} is not encrypted; write https://`);
  return text;
});
