import { describe, expect, it } from 'vitest';
import { readBearer } from '../../../src/identity/bearer.ts';

const read = (...values: string[]) => readBearer(['Host', 'x', ...values.flatMap((value) => ['Authorization', value])]);

describe('a Bearer header', () => {
  it.each(['Bearer a.b.c', 'bearer a.b.c', 'BEARER  a.b.c', 'bEaReR a.b.c ', ' Bearer a.b.c'])('[jwt:bearer] is read: %j', (value) => {
    expect(read(value)).toEqual({ kind: 'token', token: 'a.b.c' });
  });

  it('[jwt:bearer] is read under any case of its own name', () => {
    expect(readBearer(['AUTHORIZATION', 'Bearer t'])).toEqual({ kind: 'token', token: 't' });
  });

  it.each(['', 'Basic dTpw', 'DPoP a.b.c', 'Bearers a', 'Bearer-x a', 'BearerToken'])(
    '[jwt:bearer] leaves another scheme alone: %j',
    (value) => {
      expect(read(value)).toEqual({ kind: 'none' });
    },
  );

  it('[jwt:anonymous] is none where there is none', () => {
    expect(read()).toEqual({ kind: 'none' });
    expect(readBearer(['Proxy-Authorization', 'Bearer t', 'X-Authorization', 'Bearer t'])).toEqual({ kind: 'none' });
  });

  it.each([
    'Bearer',
    'Bearer ',
    'Bearer\ta.b.c',
    'Bearer a b',
    'Bearer a, Bearer b',
    'Bearer,a',
    'Bearer "a"',
    'Bearer a=b',
    'Bearer \u00e9',
  ])('[jwt:hostile] is refused where no token follows: %j', (value) => {
    expect(read(value)).toEqual({ kind: 'malformed' });
  });

  it('[jwt:hostile] is refused beyond 16 KiB', () => {
    expect(read(`Bearer ${'a'.repeat(16_384 - 7)}`)).toMatchObject({ kind: 'token' });
    expect(read(`Bearer ${'a'.repeat(16_384)}`)).toEqual({ kind: 'too-large' });
  });

  it.each([[['Bearer a', 'Bearer a']], [['Basic x', 'Bearer a']], [['', '']]])(
    '[jwt:duplicate] is refused where it stands twice: %j',
    (values) => {
      expect(read(...values)).toEqual({ kind: 'repeated' });
    },
  );
});
