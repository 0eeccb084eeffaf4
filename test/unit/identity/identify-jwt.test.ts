import { beforeAll, describe, expect, it } from 'vitest';
import { createJwtIdentify, type KeySource } from '../../../src/identity/identify-jwt.ts';
import { type KeySet, readKeySet } from '../../../src/identity/key-set.ts';
import type { JwtIdentity } from '../../../src/settings/settings.ts';
import { ISSUER, keySetText, makeKey, NOW_MS, rules, type SigningKey, sign } from '../../support/tokens.ts';

let first: SigningKey;
let second: SigningKey;
beforeAll(async () => {
  [first, second] = [await makeKey('ES256', 'one'), await makeKey('ES256', 'two')];
});
const setOf = (...made: readonly SigningKey[]): KeySet => {
  const read = readKeySet(keySetText(...made.map(({ jwk }) => jwk)));
  if (!read.ok) throw new Error(read.problem);
  return read.keys;
};

interface Given {
  readonly known?: KeySet | undefined;
  readonly renewed?: KeySet | undefined;
  readonly problem?: string;
  readonly rules?: Partial<JwtIdentity>;
}

function identifying(given: Given) {
  const asked = { count: 0 };
  let known = given.known;
  const keys: KeySource = {
    current: () => known,
    async renew() {
      asked.count += 1;
      known = given.renewed ?? known;
      return known;
    },
    problem: given.problem,
    retryAfterSeconds: 7,
  };
  const identify = createJwtIdentify({ rules: { ...rules, ...given.rules }, keys, nowMs: () => NOW_MS });
  const ask = (authorization: string | undefined, peer: { method?: string; isMcpPath?: boolean } = {}) =>
    identify({
      address: '10.0.0.1',
      rawHeaders: authorization === undefined ? [] : ['Authorization', authorization],
      method: 'POST',
      isMcpPath: true,
      ...peer,
    });
  return { ask, asked };
}
const ALICE = { ok: true, client: JSON.stringify([ISSUER, 'alice']), isHeaderTrusted: false };

describe('identity by JWT', () => {
  it('[jwt:no-fetch-per-request] names the client without a question where the key is known', async () => {
    const { ask, asked } = identifying({ known: setOf(first) });
    for (let i = 0; i < 5; i++) expect(await ask(`Bearer ${await sign(first)}`)).toEqual(ALICE);
    expect(asked.count).toBe(0);
  });

  it('[jwt:remembered] refuses a remembered token once it expires, or once its key is withdrawn', async () => {
    let nowMs = NOW_MS;
    let known = setOf(first);
    const keys: KeySource = { current: () => known, renew: async () => known, problem: undefined, retryAfterSeconds: 1 };
    const identify = createJwtIdentify({ rules, keys, nowMs: () => nowMs });
    const rawHeaders = ['Authorization', `Bearer ${await sign(first)}`];
    const ask = () => identify({ address: undefined, rawHeaders, method: 'POST', isMcpPath: true });
    expect([await ask(), await ask()]).toEqual([ALICE, ALICE]);
    known = setOf(second);
    expect(await ask()).toMatchObject({ rung: 'identity:token-key' });
    known = setOf(first);
    expect(await ask()).toEqual(ALICE);
    nowMs += 330_000;
    expect(await ask()).toMatchObject({ rung: 'identity:token-expired' });
  });

  it('[jwt:rotation] asks once for a key that it does not know', async () => {
    const { ask, asked } = identifying({ known: setOf(first), renewed: setOf(first, second) });
    expect(await ask(`Bearer ${await sign(second)}`)).toEqual(ALICE);
    expect(await ask(`Bearer ${await sign(second)}`)).toEqual(ALICE);
    expect(asked.count).toBe(1);
  });

  it('[jwt:challenge] says in 401 what is wrong with a token', async () => {
    const { ask } = identifying({ known: setOf(first) });
    expect(await ask(`Bearer ${await sign(second)}`)).toMatchObject({
      ok: false,
      rung: 'identity:token-key',
      status: 401,
      headers: {
        'WWW-Authenticate':
          'Bearer error="invalid_token", error_description="The token is signed with a key that its issuer does not publish"',
      },
    });
    expect(await ask('Bearer ')).toMatchObject({ status: 401, rung: 'identity:token-malformed' });
    expect(await ask(`Bearer ${'a'.repeat(20_000)}`)).toMatchObject({ status: 401, rung: 'identity:token-too-large' });
  });

  it('[jwt:challenge] names the metadata where the operator has', async () => {
    const resourceMetadata = 'https://mcp.example/.well-known/oauth-protected-resource/mcp';
    const { ask } = identifying({ known: setOf(first), rules: { resourceMetadata, isRequired: true } });
    expect(await ask(undefined)).toMatchObject({ headers: { 'WWW-Authenticate': `Bearer resource_metadata="${resourceMetadata}"` } });
    const { headers } = (await ask('Bearer x')) as { headers: Record<string, string> };
    expect(headers['WWW-Authenticate']).toMatch(
      new RegExp(`^Bearer error="invalid_token", error_description="[^"]+", resource_metadata="${resourceMetadata}"$`),
    );
  });

  it('[jwt:shared-refresh] asks for no key where no key could help', async () => {
    const { ask, asked } = identifying({ known: setOf(first) });
    const tokens = [
      sign(first, { exp: 1 }),
      sign(first, { aud: 'other' }),
      sign(second, { iss: 'https://other.example' }),
      sign(second, {}, { typ: 'logout+jwt' }),
      sign({ ...second, kid: 'one' }),
    ];
    for (const token of tokens) expect(await ask(`Bearer ${await token}`)).toMatchObject({ status: 401 });
    expect(asked.count).toBe(0);
  });

  it('[jwt:unreachable] answers 503 with the reason where there are no keys', async () => {
    const { ask } = identifying({ problem: 'idp.example: ECONNREFUSED' });
    expect(await ask(`Bearer ${await sign(first)}`)).toEqual({
      ok: false,
      rung: 'identity:issuer-unreachable',
      status: 503,
      message: 'The token cannot be verified now: its issuer gives no keys (idp.example: ECONNREFUSED).',
      headers: { 'Retry-After': '7' },
      isLetPassInShadow: true,
    });
    expect(await ask(undefined)).toEqual({ ok: true, isHeaderTrusted: false });
    expect(await ask('Bearer x')).toMatchObject({ status: 401 });
  });

  it('[jwt:unreachable] answers 503 for a key that is not known while the issuer cannot be asked', async () => {
    const { ask } = identifying({ known: setOf(first), problem: 'idp.example: ETIMEDOUT' });
    expect(await ask(`Bearer ${await sign(second)}`)).toMatchObject({ status: 503 });
    expect(await ask(`Bearer ${await sign(first)}`)).toEqual(ALICE);
    expect(await ask(`Bearer ${await sign({ ...second, kid: 'one' })}`)).toMatchObject({ status: 401, rung: 'identity:token-signature' });
  });

  it('[jwt:anonymous] calls nobody what sends no token, or a credential of another kind', async () => {
    const { ask } = identifying({ known: setOf(first) });
    for (const value of [undefined, '', 'Basic dTpw']) expect(await ask(value)).toEqual({ ok: true, isHeaderTrusted: false });
  });

  it('[jwt:required] refuses to do without a token where MCP is spoken', async () => {
    const { ask } = identifying({ known: setOf(first), rules: { isRequired: true } });
    const missing = { ok: false, rung: 'identity:token-missing', status: 401, headers: { 'WWW-Authenticate': 'Bearer' } };
    for (const method of ['POST', 'GET', 'DELETE', 'HEAD', 'PUT']) expect(await ask(undefined, { method })).toMatchObject(missing);
    expect(await ask('Basic dTpw')).toMatchObject(missing);
    expect(await ask(undefined, { method: 'OPTIONS' })).toMatchObject({ ok: true, refusedAsMessage: missing });
    expect(await ask(undefined, { isMcpPath: false })).toMatchObject({ ok: true, refusedAsMessage: missing });
    expect(await ask(`Bearer ${await sign(first)}`)).toEqual(ALICE);
    expect(await ask('Bearer x', { isMcpPath: false })).toMatchObject({ ok: true, refusedAsMessage: { rung: 'identity:token-malformed' } });
  });

  it('[jwt:duplicate] refuses two tokens with 400', async () => {
    const { ask } = identifying({ known: setOf(first) });
    const token = `Bearer ${await sign(first)}`;
    const identify = createJwtIdentify({
      rules,
      keys: { current: () => setOf(first), renew: async () => undefined, problem: undefined, retryAfterSeconds: 1 },
      nowMs: () => NOW_MS,
    });
    expect(await ask(token)).toEqual(ALICE);
    expect(
      await identify({ address: undefined, rawHeaders: ['Authorization', token, 'authorization', token], method: 'POST', isMcpPath: true }),
    ).toMatchObject({
      ok: false,
      status: 400,
      rung: 'identity:duplicate-authorization',
      headers: { 'WWW-Authenticate': 'Bearer error="invalid_request", error_description="The header Authorization stands more than once"' },
    });
  });
});
