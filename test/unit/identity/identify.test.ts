import { describe, expect, it } from 'vitest';
import { CLIENT_NAME_LIMIT_CHARACTERS, createIdentify, isIdentityHeader } from '../../../src/identity/identify.ts';

const identify = createIdentify({ name: 'x-client', from: ['10.0.0.0/8'] });
const trusted = '10.1.1.1';

describe('identity by header', () => {
  it('[identity:trusted-peer] takes the value from a trusted peer', () => {
    expect(identify({ address: trusted, rawHeaders: ['Host', 'x', 'X-Client', 'alice'] })).toEqual({
      ok: true,
      client: 'alice',
      isHeaderTrusted: true,
    });
  });

  it.each([
    ['a peer outside the ranges', '192.0.2.1'],
    ['a peer without an address', undefined],
  ])('[identity:untrusted-peer] believes nothing from %s', (_, address) => {
    const rawHeaders = ['X-Client', 'alice', 'X-Forwarded-For', trusted, 'Forwarded', `for=${trusted}`];
    expect(identify({ address, rawHeaders })).toEqual({ ok: true, isHeaderTrusted: false });
  });

  it.each([
    ['absent', ['Accept', '*/*']],
    ['empty', ['X-Client', '']],
  ])('[identity:anonymous] calls the client anonymous where the header is %s', (_, rawHeaders) => {
    expect(identify({ address: trusted, rawHeaders })).toEqual({ ok: true, isHeaderTrusted: true });
  });

  it.each([
    ['twice', ['X-Client', 'alice', 'x-client', 'bob']],
    ['once more under its alias', ['X-Client', 'alice', 'X_Client', 'bob']],
    ['twice with one value', ['X-Client', 'alice', 'X-Client', 'alice']],
  ])('[identity:duplicate] refuses a header that stands %s', (_, rawHeaders) => {
    expect(identify({ address: trusted, rawHeaders })).toMatchObject({ ok: false, rung: 'identity:duplicate-header' });
  });

  it('[identity:bounded] refuses a name beyond the bound and takes one at it', () => {
    const named = (length: number) => identify({ address: trusted, rawHeaders: ['x-client', 'a'.repeat(length)] });
    expect(named(CLIENT_NAME_LIMIT_CHARACTERS)).toMatchObject({ ok: true });
    expect(named(CLIENT_NAME_LIMIT_CHARACTERS + 1)).toMatchObject({ ok: false, rung: 'identity:name-too-long' });
  });

  it('holds everybody for anonymous where no header is configured', () => {
    expect(createIdentify(undefined)({ address: trusted, rawHeaders: ['x-client', 'a'] })).toEqual({ ok: true, isHeaderTrusted: false });
  });

  it('knows the header under its underscore alias', () => {
    expect([isIdentityHeader('X_CLIENT', 'x-client'), isIdentityHeader('X-Clients', 'x-client')]).toEqual([true, false]);
  });
});
