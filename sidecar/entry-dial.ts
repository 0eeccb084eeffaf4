import type { X509Certificate } from 'node:crypto';
import { isIP, isIPv6, type Socket as NetSocket, connect as netConnect, type Socket } from 'node:net';
import { connect as tlsConnect } from 'node:tls';
import type { buildConnector } from 'undici';
import type { RemoteEntry } from '../src/settings/settings.ts';
import { type AddressDeps, type CheckedAddresses, checkedAddresses, noAddress } from './checked-addresses.ts';
import { CONNECT_TIMEOUT_MS, dialFault } from './dial-fault.ts';
import { EntryFault } from './entry-fault.ts';
import type { EntryTrust } from './entry-trust.ts';

/** Node gives an address up for the next one after this; its own 250 ms would do so to a server on the other side of the world. */
const NEXT_ADDRESS_AFTER_MS = 1_000;
const KEEP_ALIVE_PROBE_MS = 60_000;

/** Opens a TCP connection to one of the addresses. */
export type OpenSocket = (addresses: CheckedAddresses, port: number) => Socket;

export interface DialDeps extends AddressDeps {
  readonly trust: EntryTrust;
  readonly nowMs: () => number;
  readonly openSocket: OpenSocket;
}

/**
 * The one way to an entry's server: for each connection its host is resolved, the answer checked, one of the checked
 * addresses connected to, and the certificate verified by the URL's host with what the entry trusts at that moment.
 *
 * No TLS session is taken up again: a resumed one shows no certificate, so that a CA which is trusted no longer would
 * still open doors (RFC 8446 §2.2).
 */
export function createDial(entry: RemoteEntry, deps: DialDeps): buildConnector.connector {
  const url = new URL(entry.url);
  const port = url.port === '' ? (url.protocol === 'https:' ? 443 : 80) : Number(url.port);
  const hostname = url.hostname.replace(/^\[(.*)\]$/, '$1').replace(/\.$/, '');

  return function dial(_options, callback) {
    let socket: Socket | undefined;
    let leaf: X509Certificate | undefined;
    let isSettled = false;
    const timer = setTimeout(() => {
      fail(socket === undefined ? noAddress(entry, 'ETIMEOUT') : Object.assign(new Error('too slow'), { code: 'ETIMEDOUT' }));
    }, CONNECT_TIMEOUT_MS);
    const succeed = (): void => {
      if (isSettled || socket === undefined) return;
      isSettled = true;
      clearTimeout(timer);
      callback(null, socket);
    };
    const fail = (error: Error): void => {
      if (isSettled) return;
      isSettled = true;
      clearTimeout(timer);
      socket?.destroy();
      callback(error instanceof EntryFault ? error : dialFault(error, { entry, leaf, nowMs: deps.nowMs() }), null);
    };
    const open = (addresses: CheckedAddresses): void => {
      if (isSettled) return;
      const { security } = deps.trust;
      if (security.kind === 'unusable') {
        fail(new EntryFault({ reason: 'ca-unusable', status: 503, message: security.problem }));
        return;
      }
      const raw = deps.openSocket(addresses, port);
      raw.setNoDelay(true).setKeepAlive(true, KEEP_ALIVE_PROBE_MS).on('error', fail);
      socket = raw;
      if (security.kind === 'plain') {
        raw.once('connect', succeed);
        return;
      }
      raw.once('connect', () => {
        const secured = tlsConnect({
          socket: raw,
          host: hostname,
          ...(isIP(hostname) === 0 && { servername: hostname }),
          secureContext: security.context,
          // Said out loud, because NODE_TLS_REJECT_UNAUTHORIZED=0 would otherwise switch it off.
          rejectUnauthorized: true,
          // One protocol, but offered: servers that choose by ALPN must not guess (RFC 7301).
          ALPNProtocols: ['http/1.1'],
        });
        socket = secured;
        // Before Node judges the certificate and closes: it has to be seen for the answer to name it.
        secured.prependOnceListener('secure', () => {
          leaf = secured.getPeerX509Certificate();
        });
        secured.once('secureConnect', succeed).on('error', fail);
        secured.once('close', () => fail(Object.assign(new Error('closed'), { code: 'ECONNRESET' })));
      });
    };
    checkedAddresses(entry, deps).then(open).catch(fail);
  };
}

/** Tries each in turn, as a host with IPv6 addresses may be in a network without. */
export function openSocket(addresses: CheckedAddresses, port: number): NetSocket {
  return netConnect({
    // Never asked for: the answer is the one that was checked.
    host: 'checked.invalid',
    port,
    lookup: (_hostname, _options, answer) => {
      answer(
        null,
        addresses.map((address) => ({ address, family: isIPv6(address) ? 6 : 4 })),
      );
    },
    autoSelectFamily: true,
    autoSelectFamilyAttemptTimeout: NEXT_ADDRESS_AFTER_MS,
  });
}
