import { isIP } from 'node:net';
import { type AskedProbe, decodeProbe } from '../src/lib/app-probe.ts';

/** Where to listen; without a host, on all addresses of both families. */
export interface Address {
  readonly host?: string;
  readonly port: number;
}

export function parseAddress(option: string, text: string, errors: string[]): Address {
  const [, host = '', portText = ''] = /^(.*):(\d{1,5})$/s.exec(text) ?? [];
  const bare = host.replace(/^\[(.*)\]$/s, '$1');
  const isNamed = bare === 'localhost' || (isIP(bare) !== 0 && (isIP(bare) === 4 || host.startsWith('[')));
  if (!isNamed || Number(portText) > 65_535) {
    errors.push(`--${option} ${quoted(text)} must be HOST:PORT, HOST being an IPv4 address, an IPv6 address in brackets, or localhost`);
  }
  return { host: bare === 'localhost' ? '127.0.0.1' : bare, port: Number(portText) };
}

export function wholeNumber(option: string, text: string | undefined, least: number, most: number, errors: string[]): number | undefined {
  if (text === undefined) return undefined;
  const value = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
  if (value >= least && value <= most) return value;
  errors.push(`--${option} ${quoted(text)} must be a whole number from ${least} to ${most}`);
  return undefined;
}

/** Contract §9.13: absolute, without NUL and `..`. */
export function absolutePath(option: string, one: (name: string) => string | undefined, errors: string[]): string | undefined {
  const path = one(option);
  if (path === undefined || (path.startsWith('/') && !path.includes('\0') && !path.split('/').includes('..'))) return path;
  errors.push(`--${option} "${path}" must be an absolute path without ".." and NUL`);
  return undefined;
}

export function askedProbe(text: string, errors: string[]): AskedProbe | undefined {
  const asked = decodeProbe(text);
  if (asked === undefined) errors.push(`--app-probe ${quoted(text)} is not the JSON of one httpGet, tcpSocket or grpc`);
  return asked;
}

export const quoted = (text: string | undefined): string => (text === undefined ? 'missing' : `"${text}"`);
