import { isObjectName } from '../lib/names.ts';
import { quote } from '../lib/quote.ts';
import { isHostAndPort, splitUrl, URL_CREDENTIALS } from './https-url.ts';
import { parsed } from './parsed.ts';

const SCHEMES = ['redis', 'rediss', 'redis+sentinel', 'redis+cluster'];

/** The annotation `redis`. Sentinel and Cluster are checked like the others, though not available yet. */
export const redisUrl = parsed((text, refuse) => {
  // No part of it may have an "@"; a password with a "/" in it would hide the one of the credentials.
  if (text.includes('@')) {
    refuse('URL_CREDENTIALS', URL_CREDENTIALS);
    return text;
  }
  const parts = splitUrl(text, refuse);
  if (parts === undefined) return text;
  const { scheme, authority, rest } = parts;
  if (!SCHEMES.includes(scheme)) refuse('BAD_URL', `${quote(scheme)} is no scheme of Redis; write redis://host:6379, or rediss:// for TLS`);
  const hosts = scheme.includes('+') ? authority.split(',') : [authority];
  for (const host of hosts.filter((candidate) => !isHostAndPort(candidate))) refuse('BAD_URL', `${quote(host)} is no host, nor host:port`);
  // ioredis takes options from the query, a password among them.
  if (/[?#]/.test(rest)) refuse('BAD_URL', 'has a "?" or "#" part; only scheme, host, port and the number of a database are taken');
  else if (scheme === 'redis+sentinel' ? !/^\/[\w.-]{1,100}(?:\/\d{1,4})?$/.test(rest) : !/^(?:\/|\/\d{1,4})?$/.test(rest)) {
    const wanted =
      scheme === 'redis+sentinel' ? "the master's name, such as /mymaster" : 'the number of a database, such as /0, or nothing';
    refuse('BAD_URL', `${quote(rest)} after the host; what may stand there is ${wanted}`);
  }
  return text;
});

/** The annotation `redis-secret`. */
export const redisSecret = parsed((text, refuse) => {
  if (!isObjectName(text))
    refuse('BAD_NAME', `${quote(text)} is no name of a Secret (lower-case letters, digits, "-" and ".", at most 253)`);
  return text;
});
