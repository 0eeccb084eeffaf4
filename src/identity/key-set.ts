import { createPublicKey, type JsonWebKeyInput, type KeyObject } from 'node:crypto';

/** A public key of the issuer that may verify signatures. */
interface VerifyingKey {
  readonly kid: string | undefined;
  readonly algorithms: readonly string[];
  readonly key: KeyObject;
}

export interface KeySet {
  readonly size: number;
  /** Keys that a token with this header may be signed with. */
  candidates(alg: string, kid: string | undefined): readonly KeyObject[];
}

export type ReadKeySet = { readonly ok: true; readonly keys: KeySet } | { readonly ok: false; readonly problem: string };

/** Far above what issuers publish (3 to 10), far below what would take long. */
const MOST_KEYS = 100;
/** Keys tried for a token that names none, as while an issuer without key ids changes its key. */
const MOST_CANDIDATES = 4;
const RSA_BITS = { least: 2048, most: 8192 };
const MOST_EXPONENT = 0xffff_ffffn;

const RSA = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'];
const BY_CURVE: Readonly<Record<string, readonly string[]>> = {
  'EC P-256': ['ES256'],
  'EC P-384': ['ES384'],
  'EC P-521': ['ES512'],
  // RFC 9864 names the second; issuers still use the first.
  'OKP Ed25519': ['EdDSA', 'Ed25519'],
};

/** Reads a JWK Set (RFC 7517 §5): members that we cannot verify with are left out, as the RFC asks; one that holds no other is a problem. */
export function readKeySet(text: string): ReadKeySet {
  const members = membersOf(text);
  if (members === undefined) return { ok: false, problem: 'what it sends is no JWK Set ({"keys": […]})' };
  if (members.length > MOST_KEYS) return { ok: false, problem: `it publishes ${members.length} keys, more than ${MOST_KEYS}` };
  const keys = members.map(readKey).filter((key) => key !== undefined);
  if (keys.length === 0) return { ok: false, problem: `of the ${members.length} keys that it publishes none can verify a signature` };
  return {
    ok: true,
    keys: {
      size: keys.length,
      candidates(alg, kid) {
        const able = keys.filter((each) => each.algorithms.includes(alg) && (kid === undefined || each.kid === kid));
        return able.slice(0, MOST_CANDIDATES).map(({ key }) => key);
      },
    },
  };
}

function membersOf(text: string): readonly unknown[] | undefined {
  try {
    const set: unknown = JSON.parse(text);
    const keys = typeof set === 'object' && set !== null && 'keys' in set ? set.keys : undefined;
    return Array.isArray(keys) ? keys : undefined;
  } catch {
    return undefined;
  }
}

function readKey(member: unknown): VerifyingKey | undefined {
  if (typeof member !== 'object' || member === null) return undefined;
  const { kid, kty, crv, use, alg, key_ops: operations, n, e, x, y } = member as Readonly<Record<string, unknown>>;
  // A secret or private part in public: such a key proves nothing any more.
  if (['k', 'd', 'p', 'q', 'priv'].some((part) => part in member)) return undefined;
  if (use !== undefined && use !== 'sig') return undefined;
  if (operations !== undefined && !(Array.isArray(operations) && operations.includes('verify'))) return undefined;
  if (kid !== undefined && typeof kid !== 'string') return undefined;
  const able = kty === 'RSA' ? RSA : BY_CURVE[`${kty} ${crv}`];
  const algorithms = able?.filter((each) => alg === undefined || each === alg) ?? [];
  if (algorithms.length === 0) return undefined;
  try {
    // Only what makes the key: `x5c`, `x5u` and the like are never looked at.
    const material = (kty === 'RSA' ? { kty, n, e } : kty === 'EC' ? { kty, crv, x, y } : { kty, crv, x }) as JsonWebKeyInput['key'];
    const key = createPublicKey({ key: material, format: 'jwk' });
    return isStrong(key) ? { kid, algorithms, key } : undefined;
  } catch {
    // Not on its curve, not base64url, not there at all.
    return undefined;
  }
}

/** RFC 7518 §3.3: at least 2048 bits. An exponent of 1 would let anybody sign; a huge modulus or exponent costs seconds. */
function isStrong(key: KeyObject): boolean {
  if (key.asymmetricKeyType !== 'rsa') return true;
  const { modulusLength = 0, publicExponent = 0n } = key.asymmetricKeyDetails ?? {};
  const isExponentSound = publicExponent >= 3n && publicExponent <= MOST_EXPONENT && publicExponent % 2n === 1n;
  return modulusLength >= RSA_BITS.least && modulusLength <= RSA_BITS.most && isExponentSound;
}
