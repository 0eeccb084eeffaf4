import type { X509Certificate } from 'node:crypto';
import { day } from '../src/lib/ca-bundle.ts';
import { quote } from '../src/lib/quote.ts';
import type { RemoteEntry } from '../src/settings/settings.ts';
import { type EntryCause, EntryFault } from './entry-fault.ts';

export const CONNECT_TIMEOUT_MS = 5_000;

export interface DialFacts {
  readonly entry: RemoteEntry;
  readonly nowMs: number;
  /** What the server showed, where the handshake came so far. */
  readonly leaf: X509Certificate | undefined;
}

type Explain = (facts: DialFacts, code: string) => { readonly reason: EntryCause; readonly says: string; readonly status?: 504 };

const unknownCa: Explain = ({ entry, leaf }) => {
  const issuer = leaf === undefined ? '' : ` by ${issuerOf(leaf)}`;
  return {
    reason: 'unknown-ca',
    says: `its certificate was issued${issuer} under a CA that ${trusted(entry)} not hold. Put the certificate of that CA into ${bundle(entry)}.`,
  };
};

/** The server showed nothing but its own certificate, of an issuer that is not known. */
const leafAlone: Explain = (facts, code) => {
  const { leaf, entry } = facts;
  if (leaf === undefined) return unknownCa(facts, code);
  const issuer = issuerOf(leaf);
  // RFC 5280 §4.2.2.1: that is there to find the certificates between the leaf and a root.
  if (leaf.infoAccess?.includes('CA Issuers'))
    return {
      reason: 'intermediate-missing',
      says: `its server does not send the intermediate certificate ${issuer} that issued its own. Have it send the whole chain, or put that certificate into ${bundle(entry)}.`,
    };
  return {
    reason: 'unknown-ca',
    says: `its certificate was issued by ${issuer}, which ${trusted(entry)} not hold. Put the certificate of that CA into ${bundle(entry)}; if it is an intermediate one, have the server send it along.`,
  };
};

const expired: Explain = ({ entry, leaf, nowMs }) => {
  const endMs = leaf?.validToDate.getTime();
  if (endMs !== undefined && endMs <= nowMs)
    return { reason: 'expired-leaf', says: `the certificate of its server expired on ${day(endMs)}. Renew it there.` };
  return {
    reason: 'expired-ca',
    says: `a CA certificate above that of its server has expired. Renew it in ${bundle(entry)}, or in the chain that the server sends.`,
  };
};

const weak: Explain = (_facts, code) => ({
  reason: 'weak-certificate',
  says: `a certificate of its server is signed with SHA-1 or has a weak key (${code}). Issue it anew with SHA-256 and RSA of 2048 bits or ECDSA.`,
});

const oldTls: Explain = () => ({
  reason: 'tls-version',
  says: 'its server speaks no version of TLS from 1.2 on. Turn TLS 1.2 or 1.3 on there.',
});

const noRoute: Explain = ({ entry }, code) => ({
  reason: 'unreachable',
  says: `there is no route to ${new URL(entry.url).host} (${code}). Check NetworkPolicies and the pod's egress.`,
});

const closed: Explain = ({ entry }, code) => ({
  reason: 'broke',
  says: `${new URL(entry.url).host} closed the connection before it could be used (${code}). Check that a server for ${new URL(entry.url).protocol}// is there.`,
});

const table: Readonly<Record<string, Explain>> = {
  UNABLE_TO_GET_ISSUER_CERT: unknownCa,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: unknownCa,
  SELF_SIGNED_CERT_IN_CHAIN: unknownCa,
  // A CA of the same name with another key.
  CERT_SIGNATURE_FAILURE: unknownCa,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: leafAlone,
  DEPTH_ZERO_SELF_SIGNED_CERT: ({ entry }) => ({
    reason: 'self-signed',
    says: `the certificate of its server is signed by itself. Put it into ${bundle(entry)}, or have it issued by a CA.`,
  }),
  CERT_HAS_EXPIRED: expired,
  CERT_NOT_YET_VALID: () => ({
    reason: 'not-yet-valid',
    says: 'a certificate of its server is not valid yet. Check the clocks of both.',
  }),
  ERR_TLS_CERT_ALTNAME_INVALID: ({ entry, leaf }) => ({
    reason: 'wrong-host',
    says: `the certificate of its server is not for ${new URL(entry.url).hostname} but for ${quote(leaf?.subjectAltName ?? leaf?.subject ?? 'nobody')}. Use one of those in its url, or have the certificate issued for this host.`,
  }),
  ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION: oldTls,
  ERR_SSL_UNSUPPORTED_PROTOCOL: oldTls,
  ERR_SSL_VERSION_TOO_LOW: oldTls,
  ERR_SSL_TLSV1_ALERT_NO_APPLICATION_PROTOCOL: () => ({
    reason: 'tls',
    says: 'its server does not speak HTTP/1.1 (ALPN). Turn it on there.',
  }),
  ERR_SSL_WRONG_VERSION_NUMBER: () => ({
    reason: 'tls',
    says: 'its server does not speak TLS at that port. Check the port of its url.',
  }),
  ECONNREFUSED: ({ entry }) => ({
    reason: 'refused',
    says: `nothing accepts connections at ${new URL(entry.url).host}. Check that its server runs, and the port of its url.`,
  }),
  EHOSTUNREACH: noRoute,
  ENETUNREACH: noRoute,
  EADDRNOTAVAIL: noRoute,
  EACCES: noRoute,
  EPERM: noRoute,
  ETIMEDOUT: ({ entry }) => ({
    reason: 'connect-timeout',
    status: 504,
    says: `${new URL(entry.url).host} did not let a connection be made within ${CONNECT_TIMEOUT_MS / 1000} s. Check that its server runs, and NetworkPolicies and firewalls on the way.`,
  }),
  ECONNRESET: closed,
  EPIPE: closed,
};

/** The answer for a connection that came to nothing: names the entry, the cause and the remedy. What a server shows of itself is quoted and cut. */
export function dialFault(error: Error, facts: DialFacts): EntryFault {
  const code = codeOf(error);
  // Node has names for some of OpenSSL's verdicts only; their texts are OpenSSL's own, and nothing of the server's.
  const known = code === 'UNSPECIFIED' ? (/too weak/.test(error.message) ? weak : undefined) : Object.hasOwn(table, code) && table[code];
  const { reason, says, status = 502 } = (known || other)(facts, code === 'UNSPECIFIED' ? error.message : code);
  return new EntryFault({ reason, status, message: `Remote entry "${facts.entry.name}" is not connected to: ${says}` });
}

const other: Explain = (_facts, code) => ({
  reason: 'tls',
  says: `TLS with its server failed (${code}). Check the server's certificate, and that it asks for none of its clients.`,
});

function codeOf(error: NodeJS.ErrnoException): string {
  // Several addresses, none of which would do: of a host with IPv6 in a network without, the other one tells.
  const codes = error instanceof AggregateError ? error.errors.map((each: NodeJS.ErrnoException) => each.code) : [error.code];
  const code = ['ECONNREFUSED', 'ETIMEDOUT'].find((telling) => codes.includes(telling)) ?? codes[0];
  return typeof code === 'string' && /^[A-Z0-9_/]{1,80}$/.test(code) ? code : 'unknown error';
}

/** Undefined where the name is empty, whatever Node's types say: RFC 5280 §4.1.2.4 forbids that, and a stranger's server may show it. */
function issuerOf(leaf: { readonly issuer: string | undefined }): string {
  return leaf.issuer ? quote(leaf.issuer.replaceAll('\n', ', ')) : 'an issuer without a name';
}

function trusted({ caBundle }: RemoteEntry): string {
  if (caBundle === undefined) return "the system's roots do";
  return caBundle.exclusive ? 'its CA bundle does' : "its CA bundle and the system's roots do";
}

function bundle({ caBundle }: RemoteEntry): string {
  if (caBundle === undefined) return 'a ConfigMap and name it as the caBundle of this entry';
  return 'configMap' in caBundle ? `ConfigMap "${caBundle.configMap}", key "${caBundle.key}"` : caBundle.caFile;
}
