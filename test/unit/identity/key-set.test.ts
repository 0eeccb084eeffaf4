import { generateKeyPairSync } from 'node:crypto';
import { beforeAll, describe, expect, it } from 'vitest';
import { readKeySet } from '../../../src/identity/key-set.ts';
import { keySetText, makeKey, type SigningKey } from '../../support/tokens.ts';

let rsa: SigningKey;
let ec: SigningKey;
beforeAll(async () => {
  rsa = await makeKey('RS256', 'r', { alg: undefined as never });
  ec = await makeKey('ES256', 'e', { alg: undefined as never });
});

const sizeOf = (...keys: object[]): number | string => {
  const read = readKeySet(keySetText(...keys));
  return read.ok ? read.keys.size : read.problem;
};
const serves = (key: object, alg: string, kid?: string): boolean => {
  const read = readKeySet(keySetText(key));
  return read.ok && read.keys.candidates(alg, kid).length === 1;
};
const NONE = 'of the 1 keys that it publishes none can verify a signature';

describe('a key set', () => {
  it('[jwt:key-choice] gives a key for the algorithms of its type and curve only', () => {
    expect(['RS256', 'RS512', 'PS384', 'ES256', 'HS256', 'EdDSA'].map((alg) => serves(rsa.jwk, alg))).toEqual([
      true,
      true,
      true,
      false,
      false,
      false,
    ]);
    expect(['ES256', 'ES384', 'RS256', 'HS256'].map((alg) => serves(ec.jwk, alg))).toEqual([true, false, false, false]);
  });

  it('[jwt:key-choice] gives a key with an alg for that one only', () => {
    expect(['RS256', 'PS256'].map((alg) => serves({ ...rsa.jwk, alg: 'PS256' }, alg))).toEqual([false, true]);
    expect(sizeOf({ ...rsa.jwk, alg: 'RSA-OAEP' })).toBe(NONE);
    expect(sizeOf({ ...rsa.jwk, alg: 'HS256' })).toBe(NONE);
  });

  it('[jwt:key-choice] gives a key by its kid to the letter, and to a token without one', () => {
    expect([serves(ec.jwk, 'ES256', 'e'), serves(ec.jwk, 'ES256', 'E'), serves(ec.jwk, 'ES256')]).toEqual([true, false, true]);
    expect(serves({ ...ec.jwk, kid: undefined }, 'ES256', 'e')).toBe(false);
  });

  it.each([
    ['use', { use: 'enc' }],
    ['key_ops', { key_ops: ['encrypt'] }],
    ['key_ops of no list', { key_ops: 'verify' }],
    ['kid of no text', { kid: 1 }],
    ['kty', { kty: 'oct', k: 'AAAA' }],
    ['kty that it is not', { kty: 'RSA' }],
    ['crv', { crv: 'secp256k1' }],
    ['a point off the curve', { x: Buffer.alloc(32, 1).toString('base64url') }],
    ['no point', { x: undefined }],
  ])('[jwt:key-choice] leaves out a key that cannot verify by its %s', (_, wrong) => {
    expect(sizeOf({ ...ec.jwk, ...wrong })).toBe(NONE);
    expect(sizeOf({ ...ec.jwk, ...wrong }, rsa.jwk)).toBe(1);
  });

  it('[jwt:key-strength] leaves out private and shared keys', () => {
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    expect(sizeOf(privateKey.export({ format: 'jwk' }))).toBe(NONE);
    expect(sizeOf({ ...rsa.jwk, k: 'AAAA' })).toBe(NONE);
  });

  it('[jwt:key-strength] leaves out RSA keys that are weak or absurd', () => {
    const modulus = (bits: number) => Buffer.alloc(bits / 8, 0xff).toString('base64url');
    expect(sizeOf({ kty: 'RSA', n: modulus(2048), e: 'AQAB' })).toBe(1);
    for (const bits of [512, 1024, 2040, 16_384]) expect(sizeOf({ kty: 'RSA', n: modulus(bits), e: 'AQAB' })).toBe(NONE);
    // 1, 2, 0, 2^40+1.
    for (const e of ['AQ', 'Ag', 'AA', 'AQAAAAAB']) expect(sizeOf({ kty: 'RSA', n: modulus(2048), e })).toBe(NONE);
  });

  it.each(['', '{', '[]', 'null', '"keys"', '{"keys":{}}', '<html>'])('is a problem where it is none: %j', (text) => {
    expect(readKeySet(text)).toEqual({ ok: false, problem: 'what it sends is no JWK Set ({"keys": […]})' });
  });

  it('[jwt:bounded-document] is a problem with more than a hundred keys, and bears members that are none', () => {
    expect(sizeOf(...Array.from({ length: 101 }, () => ec.jwk))).toBe('it publishes 101 keys, more than 100');
    const read = readKeySet(`{"keys":[null,1,[],"x",${JSON.stringify(ec.jwk)}]}`);
    expect(read.ok && read.keys.size).toBe(1);
  });

  it('tries at most four keys for a token that names none', () => {
    const read = readKeySet(keySetText(...Array.from({ length: 9 }, () => ec.jwk)));
    expect(read.ok && read.keys.candidates('ES256', undefined)).toHaveLength(4);
  });
});
