import { createHmac, createPublicKey, type JsonWebKeyInput } from 'node:crypto';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { type KeySet, readKeySet } from '../../../src/identity/key-set.ts';
import { inspectToken, verifyToken } from '../../../src/identity/verify-token.ts';
import { AUDIENCE, ISSUER, keySetText, makeKey, NOW_MS, rawToken, rules, type SigningKey, sign } from '../../support/tokens.ts';

const ALGORITHMS = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA'];
const seconds = NOW_MS / 1000;
let keys: KeySet;
let key: SigningKey;
let stranger: SigningKey;
const setOf = (...made: readonly SigningKey[]): KeySet => {
  const read = readKeySet(keySetText(...made.map(({ jwk }) => jwk)));
  if (!read.ok) throw new Error(read.problem);
  return read.keys;
};
beforeAll(async () => {
  key = await makeKey('ES256', 'k1');
  stranger = await makeKey('ES256', 'k1');
  keys = setOf(key);
});

async function judge(token: string, given: { keys?: KeySet; rules?: Partial<typeof rules>; nowMs?: number } = {}): Promise<string> {
  const applied = { ...rules, ...given.rules };
  const inspected = inspectToken(token, applied);
  if (!inspected.ok) return inspected.fault;
  const verified = await verifyToken(token, inspected.head, given.keys ?? keys, applied, given.nowMs ?? NOW_MS);
  return verified.ok ? verified.verified.client : verified.fault;
}
const ALICE = JSON.stringify([ISSUER, 'alice']);

describe('a token', () => {
  it('[jwt:client] names its client by iss and sub, whatever else it claims', async () => {
    expect(await judge(await sign(key))).toBe(ALICE);
    expect(await judge(await sign(key, { name: 'root', scope: 'all', client_id: 'x' }))).toBe(ALICE);
    expect(await judge(await sign(key, { sub: 'a","b' }))).toBe(JSON.stringify([ISSUER, 'a","b']));
    const halves = await Promise.all(['\ud800', '\udc00', '\ufffd'].map(async (sub) => judge(await sign(key, { sub }))));
    expect(new Set(halves).size).toBe(3);
  });

  it('[jwt:issuer] is refused where it comes from another issuer, however alike', async () => {
    for (const iss of [`${ISSUER}/`, ISSUER.toUpperCase(), 'https://issuer.example', [ISSUER], null, undefined]) {
      expect(await judge(await sign(key, { iss }))).toBe('token-issuer');
    }
  });

  it('[jwt:audience] is good for its audiences only', async () => {
    expect(await judge(await sign(key, { aud: ['other', AUDIENCE] }))).toBe(ALICE);
    for (const aud of ['other', [], ['other'], `${AUDIENCE}/`, { 0: AUDIENCE }])
      expect(await judge(await sign(key, { aud }))).toBe('token-audience');
  });

  it('[jwt:times] is good from nbf to exp, each widened by the skew', async () => {
    const token = await sign(key, { nbf: seconds, exp: seconds + 60 });
    const at = (offset: number, clockSkewMs = 30_000) => judge(token, { nowMs: NOW_MS + offset * 1000, rules: { clockSkewMs } });
    expect([await at(-31), await at(-30), await at(0), await at(89), await at(90)]).toEqual([
      'token-early',
      ALICE,
      ALICE,
      ALICE,
      'token-expired',
    ]);
    expect([await at(-1, 0), await at(0, 0), await at(59, 0), await at(60, 0)]).toEqual(['token-early', ALICE, ALICE, 'token-expired']);
  });

  it.each([
    { sub: undefined },
    { sub: '' },
    { sub: 1 },
    { sub: ['alice'] },
    { sub: 'a'.repeat(513) },
    { aud: undefined },
    { exp: undefined },
    { exp: '2030-01-01' },
    { nbf: 'now' },
  ])('[jwt:claims] is refused with %j', async (claims) => {
    expect(await judge(await sign(key, claims))).toBe('token-claims');
  });

  it.each(ALGORITHMS)('[jwt:algorithms] is accepted with %s, and refused where that is not allowed', async (alg) => {
    const made = await makeKey(alg, 'k1');
    const token = await sign(made);
    expect(await judge(token, { keys: setOf(made) })).toBe(ALICE);
    expect(await judge(token, { keys: setOf(made), rules: { algorithms: rules.algorithms.filter((each) => each !== alg) } })).toBe(
      'token-algorithm',
    );
  });

  it('[jwt:algorithms] is never accepted unsigned, or signed with the public key as a shared secret', async () => {
    const claims = { iss: ISSUER, sub: 'alice', aud: AUDIENCE, exp: seconds + 60 };
    for (const alg of ['none', 'None', 'NONE', '', 'HS256', 'hs256', null, 1, ['ES256'], undefined]) {
      for (const signature of ['', 'AAAA'])
        expect(await judge(rawToken({ alg, kid: 'k1' }, claims, signature))).toMatch(/^token-(algorithm|malformed)$/);
    }
    const secrets = [
      JSON.stringify(key.jwk),
      createPublicKey({ key: key.jwk as JsonWebKeyInput['key'], format: 'jwk' })
        .export({ type: 'spki', format: 'pem' })
        .toString(),
      '',
    ];
    for (const secret of secrets) {
      const signed = rawToken({ alg: 'HS256', kid: 'k1' }, claims).replace(/\.[^.]*$/, '');
      const signature = createHmac('sha256', secret).update(signed).digest('base64url');
      // Even where somebody allowed it.
      for (const algorithms of [rules.algorithms, ['HS256']])
        expect(await judge(`${signed}.${signature}`, { rules: { algorithms } })).not.toBe(ALICE);
    }
  });

  it('[jwt:signature] is refused where another key signed it, or a part was changed since', async () => {
    expect(await judge(await sign(stranger))).toBe('token-signature');
    const [head, , signature] = (await sign(key)).split('.');
    const [, other] = (await sign(key, { sub: 'mallory' })).split('.');
    expect(await judge(`${head}.${other}.${signature}`)).toBe('token-signature');
    expect(await judge(`${head}.${other}.`)).toBe('token-signature');
  });

  it('[jwt:key-choice] is of no known key where its kid is none, and of any where it has none', async () => {
    const nameless = { ...key, kid: undefined };
    expect(await judge(await sign(key, {}, { kid: 'k2' }))).toBe('token-key');
    expect(await judge(await sign(nameless), { keys: setOf(await makeKey('ES256', 'k0'), key) })).toBe(ALICE);
    expect(await judge(await sign({ ...stranger, kid: undefined }))).toBe('token-key');
  });

  it('[jwt:headers-ignored] brings neither keys nor addresses of its own', async () => {
    const brought = { jwk: stranger.jwk, jku: 'https://evil.example/keys', x5u: 'https://evil.example/cert', x5c: ['AAAA'] };
    expect(await judge(await sign(stranger, {}, brought))).toBe('token-signature');
    expect(await judge(await sign(key, {}, brought))).toBe(ALICE);
  });

  it.each(['logout+jwt', 'secevent+jwt', 'dpop+jwt', 'JWE', '', 1, null])('[jwt:type] is refused with typ %j', async (typ) => {
    expect(await judge(await sign(key, {}, { typ }))).toBe('token-type');
  });

  it.each(['JWT', 'jwt', 'at+jwt', 'application/at+JWT', undefined])('[jwt:type] is taken with typ %j', async (typ) => {
    expect(await judge(await sign(key, {}, { typ }))).toBe(ALICE);
  });
});

describe('a hostile token', () => {
  const nested = `${'['.repeat(4000)}${']'.repeat(4000)}`;
  it.each([
    ['of dots', '.'.repeat(16_000)],
    ['of many parts', 'a.'.repeat(8_000)],
    ['of five parts (JWE)', 'a.b.c.d.e'],
    ['of two parts', 'a.b'],
    ['that is no base64url', 'a.b.c='],
    ['whose header is no JSON', rawToken('{', '{}')],
    ['whose header is no object', rawToken('[]', '{}')],
    ['whose header is not UTF-8', `${Buffer.from([0x7b, 0xff, 0x7d]).toString('base64url')}.e30.AAAA`],
    ['whose claims are no JSON', rawToken({ alg: 'ES256' }, '{"iss"')],
    ['whose claims are a list', rawToken({ alg: 'ES256' }, '[]')],
    ['whose kid is no text', rawToken({ alg: 'ES256', kid: { $ne: 1 } }, '{}')],
    ['nested deeply in its header', rawToken(`{"alg":"ES256","x":${nested}}`, nested)],
  ])('[jwt:hostile] %s is malformed', async (_, token) => {
    expect(await judge(token)).toBe('token-malformed');
  });

  it('[jwt:hostile] is refused for what it calls critical, known or not', async () => {
    const claims = { iss: ISSUER, sub: 'alice', aud: AUDIENCE, exp: seconds + 60 };
    for (const crit of [['b64'], ['exp'], [], 'exp', null, ['x', 'x']]) {
      const token = rawToken({ alg: 'ES256', kid: 'k1', crit, b64: false, x: 1 }, claims);
      expect(await judge(token)).toBe('token-critical');
    }
  });

  it('[jwt:hostile] of any make is a fault and never an exception', async () => {
    const json = fc.json({ maxDepth: 3 });
    const header = fc.record({ alg: fc.constantFrom(...ALGORITHMS), kid: fc.constantFrom('k1', 'x') }, { requiredKeys: ['alg'] });
    const claims = fc.dictionary(fc.constantFrom('iss', 'sub', 'aud', 'exp', 'nbf'), fc.oneof(fc.constant(ISSUER), fc.jsonValue()));
    const token = fc
      .tuple(fc.oneof(json, header), fc.oneof(json, claims), fc.base64String())
      .map(([head, payload, signature]) => rawToken(head, payload, Buffer.from(signature, 'base64').toString('base64url')));
    await fc.assert(
      fc.asyncProperty(fc.oneof(fc.string(), token), async (text) => {
        expect(await judge(text)).toMatch(/^token-/);
      }),
      { numRuns: 1000 },
    );
  });
});
