import type { KeyObject } from 'node:crypto';
import { decodeProtectedHeader } from 'jose/decode/protected_header';
import { decodeJwt } from 'jose/jwt/decode';
import { type JWTVerifyOptions, jwtVerify } from 'jose/jwt/verify';
import type { JwtIdentity } from '../settings/settings.ts';
import type { KeySet } from './key-set.ts';
import type { TokenFault } from './token-faults.ts';
import type { VerifiedToken } from './verified-tokens.ts';

/** What the unverified token says of itself: enough to choose a key, and believed for nothing else. */
export interface TokenHead {
  readonly alg: string;
  readonly kid: string | undefined;
}

export type Inspected = { readonly ok: true; readonly head: TokenHead } | { readonly ok: false; readonly fault: TokenFault };
export type Verified = { readonly ok: true; readonly verified: VerifiedToken } | { readonly ok: false; readonly fault: TokenFault };

/**
 * JWTs of other purposes that one issuer may sign with the same keys (RFC 8725
 * §3.11): logout tokens, security events, … ; `at+jwt` is RFC 9068.
 */
const ACCESS_TYPES: ReadonlySet<string> = new Set(['jwt', 'at+jwt']);
const LONGEST_SUBJECT_CHARACTERS = 512;

/** Refuses what no key could mend, so that it costs neither a signature nor a question to the issuer. */
export function inspectToken(token: string, rules: JwtIdentity): Inspected {
  // base64url in three parts: of a text with a thousand dots nothing is split.
  if (!/^[\w-]+\.[\w-]+\.[\w-]*$/.test(token)) return { ok: false, fault: 'token-malformed' };
  try {
    const { alg, kid, typ, crit } = decodeProtectedHeader(token);
    if (typeof alg !== 'string' || (kid !== undefined && typeof kid !== 'string')) return { ok: false, fault: 'token-malformed' };
    if (!rules.algorithms.includes(alg)) return { ok: false, fault: 'token-algorithm' };
    if (typ !== undefined && !isAccessType(typ)) return { ok: false, fault: 'token-type' };
    // RFC 7515 §4.1.11: none is understood here.
    if (crit !== undefined) return { ok: false, fault: 'token-critical' };
    if (decodeJwt(token).iss !== rules.issuer) return { ok: false, fault: 'token-issuer' };
    return { ok: true, head: { alg, kid } };
  } catch {
    return { ok: false, fault: 'token-malformed' };
  }
}

function isAccessType(typ: unknown): boolean {
  return typeof typ === 'string' && ACCESS_TYPES.has(typ.toLowerCase().replace(/^application\//, ''));
}

/** Verifies an inspected token; `token-key` where no key of the set is the one, which a newer set might hold. */
export async function verifyToken(token: string, head: TokenHead, keys: KeySet, rules: JwtIdentity, nowMs: number): Promise<Verified> {
  const options: JWTVerifyOptions = {
    algorithms: [...rules.algorithms],
    issuer: rules.issuer,
    audience: rules.audience,
    clockTolerance: rules.clockSkewMs / 1000,
    currentDate: new Date(nowMs),
    requiredClaims: ['iss', 'sub', 'aud', 'exp'],
  };
  for (const key of keys.candidates(head.alg, head.kid)) {
    const verified = await verifyWith(key, token, options);
    if (verified.ok || verified.fault !== 'token-signature' || head.kid !== undefined) return verified;
  }
  return { ok: false, fault: 'token-key' };
}

async function verifyWith(key: KeyObject, token: string, options: JWTVerifyOptions): Promise<Verified> {
  try {
    const { iss, sub, exp = 0, nbf } = (await jwtVerify(token, key, options)).payload;
    if (typeof sub !== 'string' || sub === '' || sub.length > LONGEST_SUBJECT_CHARACTERS) return { ok: false, fault: 'token-claims' };
    // JSON, as no separator could be trusted to stand in neither; a lone surrogate is escaped, so that two names stay two.
    const client = JSON.stringify([iss, sub]);
    return { ok: true, verified: { client, expiresSeconds: exp, notBeforeSeconds: nbf } };
  } catch (error) {
    const fault = faultOf(error as JoseError);
    if (fault === undefined) throw error;
    return { ok: false, fault };
  }
}

/** Of jose's errors the stable parts. */
interface JoseError {
  readonly code?: string;
  readonly claim?: string;
  readonly reason?: string;
}

/** Undefined: no fault of a token's, but a bug. */
function faultOf({ code, claim, reason }: JoseError): TokenFault | undefined {
  switch (code) {
    case 'ERR_JWS_SIGNATURE_VERIFICATION_FAILED':
      return 'token-signature';
    case 'ERR_JOSE_ALG_NOT_ALLOWED':
      return 'token-algorithm';
    case 'ERR_JWT_EXPIRED':
      return 'token-expired';
    case 'ERR_JWT_CLAIM_VALIDATION_FAILED':
      if (reason !== 'check_failed') return 'token-claims';
      return claim === 'aud' ? 'token-audience' : claim === 'nbf' ? 'token-early' : claim === 'iss' ? 'token-issuer' : 'token-claims';
    default:
      return code?.startsWith('ERR_J') ? 'token-malformed' : undefined;
  }
}
