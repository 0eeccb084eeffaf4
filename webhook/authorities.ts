import { BACKDATE_MS, issueAuthority, type KeyPair } from './certificate.ts';
import { isKeyOf, isValidAt, parseCertificate, splitBundle } from './pem.ts';

/** A third of its life: months in which replicas can be found that cannot be reached. */
const PREPARE_AT_REMAINING = 1 / 3;
/** So near its end, waiting for one replica that does not answer would take all of them down. */
const INSIST_AT_REMAINING = 1 / 30;
/** Too little for the next one to become known. */
const TOO_SHORT_MS = 15 * 60_000;
/** The two that sign, and those of several accidents in a row. */
const MAX_BUNDLE_CERTIFICATES = 8;

/** All that the Secret holds: authorities. The leaves are made of them by each replica for itself, and never stored. */
export interface Authorities {
  /** Signs leaves. */
  readonly signer: KeyPair;
  /** Signs them once all trust it; published beside the signer already. */
  readonly next?: KeyPair;
  /** PEM of both, and of those before them that are still valid: what an apiserver is to trust. */
  readonly bundle: string;
}

/** Values in base64, as a Secret's `data` has them. */
export type SecretData = Readonly<Record<string, string>>;

export type Judged =
  | { readonly state: 'good'; readonly authorities: Authorities }
  /** Its signer is in the last third of its life, and there is no other. */
  | { readonly state: 'next-due'; readonly authorities: Authorities }
  | { readonly state: 'unusable'; readonly reason: string };

/** A new authority, which signs at once. `trusted` is what replicas serve by so far: it stays in the bundle. */
export async function createAuthorities(nowMs: number, trusted = ''): Promise<Authorities> {
  const signer = await issueAuthority(nowMs);
  return { signer, bundle: bundleOf([signer.certificate], trusted, nowMs) };
}

/** The same, trusting also `others` (PEM) beside its own, as far as there is room; unchanged where it has them all. */
export function keepTrusting(authorities: Authorities, others: string, nowMs: number): Authorities {
  const { signer, next, bundle } = authorities;
  const own = [signer, ...(next ? [next] : [])].map(({ certificate }) => certificate);
  const kept = bundleOf(own, others, nowMs);
  const there = new Set(splitBundle(bundle));
  return splitBundle(kept).every((each) => there.has(each)) ? authorities : { ...authorities, bundle: kept };
}

/** The same with an authority beside the signer, which signs nothing yet. */
export async function prepareNext({ signer, bundle }: Authorities, nowMs: number): Promise<Authorities> {
  const next = await issueAuthority(nowMs);
  return { signer, next, bundle: bundleOf([signer.certificate, next.certificate], bundle, nowMs) };
}

/** The next one signs from now on; the one before stays in the bundle until it ends, as leaves of it are still served. */
export function promoteNext({ signer, next, bundle }: Authorities, nowMs: number): Authorities {
  if (next === undefined) throw new Error('there is no next authority');
  return { signer: next, bundle: bundleOf([next.certificate, signer.certificate], bundle, nowMs) };
}

/** How long the next authority exists. An apiserver reads a configuration a moment after it was written; there are several. */
export function ageOfNextMs({ next }: Authorities, nowMs: number): number {
  const from = next && parseCertificate(next.certificate)?.validFromDate.getTime();
  return from === undefined ? 0 : nowMs - (from + BACKDATE_MS);
}

/** True where the signer ends so soon that the next one has to sign, whether or not every replica could be asked. */
export function endsSoon({ signer }: Authorities, nowMs: number): boolean {
  return remaining(signer, nowMs) < INSIST_AT_REMAINING;
}

/**
 * The first certificate of `ca.crt` is the signer's, as versions before this one have it; they keep fields that they do
 * not know, and add a leaf, which is dropped here.
 */
export function encodeAuthorities({ signer, next, bundle }: Authorities): SecretData {
  const encode = (text: string) => Buffer.from(text).toString('base64');
  return {
    'ca.crt': encode(bundle),
    'ca.key': encode(signer.key),
    ...(next && { 'next.crt': encode(next.certificate), 'next.key': encode(next.key) }),
  };
}

/** What a Secret's data is good for, whoever wrote it. */
export function judgeAuthorities(data: SecretData, nowMs: number): Judged {
  const text = (key: string) => decode(data[key]);
  const [first] = splitBundle(text('ca.crt'));
  if (first === undefined) return { state: 'unusable', reason: 'no CA certificate in it' };
  const signer = { certificate: first, key: text('ca.key') };
  const reason = faultOf(signer, nowMs);
  if (reason !== undefined) return { state: 'unusable', reason };
  const [nextCertificate = ''] = splitBundle(text('next.crt'));
  const next = { certificate: nextCertificate, key: text('next.key') };
  const hasNext = nextCertificate !== first && faultOf(next, nowMs) === undefined;
  const own = hasNext ? [first, nextCertificate] : [first];
  const authorities = { signer, ...(hasNext && { next }), bundle: bundleOf(own, text('ca.crt'), nowMs) };
  return { state: !hasNext && remaining(signer, nowMs) < PREPARE_AT_REMAINING ? 'next-due' : 'good', authorities };
}

/** The bundle in a Secret's data, sound or not. */
export function bundleIn(data: SecretData): string {
  return decode(data['ca.crt']);
}

function faultOf({ certificate, key }: KeyPair, nowMs: number): string | undefined {
  const parsed = parseCertificate(certificate);
  if (!parsed?.ca || !isKeyOf(parsed, key)) return 'its CA certificate or key is broken';
  // forge signs with nothing else: taken for good, such a CA would be published and nobody could serve by it.
  if (parsed.publicKey.asymmetricKeyType !== 'rsa') return 'its CA has no RSA key';
  if (parsed.validFromDate.getTime() > nowMs) return 'its CA is not valid yet';
  return parsed.validToDate.getTime() - nowMs < TOO_SHORT_MS ? 'its CA has ended, or is about to' : undefined;
}

/** The part of an authority's life that is left; negative once it has ended. */
function remaining({ certificate }: KeyPair, nowMs: number): number {
  const parsed = parseCertificate(certificate);
  if (parsed === undefined) return 0;
  const [from, to] = [parsed.validFromDate.getTime(), parsed.validToDate.getTime()];
  return (to - nowMs) / (to - from);
}

function bundleOf(own: readonly string[], others: string, nowMs: number): string {
  const valid = splitBundle(others).filter((each) => {
    const parsed = parseCertificate(each);
    return parsed?.ca === true && isValidAt(parsed, nowMs);
  });
  return [...new Set([...own, ...valid])].slice(0, MAX_BUNDLE_CERTIFICATES).join('');
}

function decode(value: string | undefined): string {
  return Buffer.from(value ?? '', 'base64').toString('latin1');
}
