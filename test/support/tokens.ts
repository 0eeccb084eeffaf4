import { exportJWK, generateKeyPair, type JWK, type JWTPayload, SignJWT } from 'jose';
import type { JwtIdentity } from '../../src/settings/settings.ts';

export const ISSUER = 'https://issuer.example/realm';
export const AUDIENCE = 'https://mcp.example';
/** 2026-11-21T00:00:00Z. */
export const NOW_MS = Date.UTC(2026, 10, 21);

export const rules: JwtIdentity = {
  issuer: ISSUER,
  audience: AUDIENCE,
  isRequired: false,
  algorithms: ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519'],
  clockSkewMs: 30_000,
};

export interface SigningKey {
  readonly alg: string;
  readonly kid: string | undefined;
  readonly privateKey: CryptoKey;
  /** As a key set has it. */
  readonly jwk: JWK;
}

export async function makeKey(alg: string, kid?: string, extra: JWK = {}): Promise<SigningKey> {
  const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true });
  return { alg, kid, privateKey, jwk: { ...(await exportJWK(publicKey)), ...(kid !== undefined && { kid }), use: 'sig', alg, ...extra } };
}

export const keySetText = (...keys: readonly object[]): string => JSON.stringify({ keys });

/** Sound unless told otherwise; a claim of undefined is left out. */
export function sign(key: SigningKey, claims: JWTPayload | object = {}, header: object = {}, nowMs = NOW_MS): Promise<string> {
  const seconds = Math.floor(nowMs / 1000);
  const payload = { iss: ISSUER, sub: 'alice', aud: AUDIENCE, iat: seconds, exp: seconds + 300, ...claims };
  return new SignJWT(JSON.parse(JSON.stringify(payload)) as JWTPayload)
    .setProtectedHeader({ alg: key.alg, ...(key.kid !== undefined && { kid: key.kid }), typ: 'JWT', ...header })
    .sign(key.privateKey);
}

/** A token of the texts given, unsigned or with the signature given. */
export function rawToken(header: unknown, payload: unknown, signature = 'AAAA'): string {
  const part = (value: unknown) => Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');
  return `${part(header)}.${part(payload)}.${signature}`;
}
