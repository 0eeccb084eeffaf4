import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { judgeAuthority } from '../../../src/inject/authority.ts';
import { NOW_MS } from './golden-file.ts';
import { facts } from './samples.ts';

/** The certificates live in the golden files that show what becomes of them. */
function pemOf(golden: string): string {
  const text = readFileSync(new URL(`../../golden/inject/${golden}.yaml`, import.meta.url), 'utf8');
  const header = parse(text.split('\n---\n')[0] ?? '') as { configMaps: { 'corp-ca': { 'root.pem': string } } };
  return header.configMaps['corp-ca']['root.pem'];
}
const [good, soon, expired] = [pemOf('redis-secret-and-ca'), pemOf('redis-ca-ends-soon'), pemOf('redis-ca-expired')];

function judge(text: string, nowMs = NOW_MS) {
  const found = judgeAuthority({ configMap: 'corp-ca', key: 'ca.crt' }, ['redis-ca'], {
    ...facts,
    configMap: () => ({ 'ca.crt': text }),
    nowMs,
  });
  return [...found.issues.map(({ code }) => code), ...found.cautions.map(({ code }) => `(${code})`)];
}

describe('the CA of Redis', () => {
  it('[inject:ca-bundle] bears an expired certificate beside one that is not, with a warning', () => {
    expect(judge(good)).toEqual([]);
    expect(judge(expired + good)).toEqual(['(CA_ENDS_SOON)']);
    expect(judge(`comment\n${good}${soon}`)).toEqual(['(CA_ENDS_SOON)']);
    expect(judge(expired)).toEqual(['CA_EXPIRED']);
  });

  it('[inject:ca-bundle] is denied where a part of it is no certificate, or only half of one: the sidecar would not take it either', () => {
    expect(judge(`${good}-----BEGIN CERTIFICATE-----\nMIIB`)).toEqual(['CA_NOT_PEM']);
    expect(judge(`${good}-----BEGIN X509 CRL-----\nMIIB\n-----END X509 CRL-----\n`)).toEqual(['CA_NOT_PEM']);
  });

  it('[inject:ca-bundle] warns from thirty days before the end, and denies from the end on', () => {
    const endMs = Date.UTC(2026, 11, 5);
    const dayMs = 24 * 3_600_000;
    expect(judge(soon, endMs - 31 * dayMs)).toEqual([]);
    expect(judge(soon, endMs - 29 * dayMs)).toEqual(['(CA_ENDS_SOON)']);
    expect(judge(soon, endMs)).toEqual(['CA_EXPIRED']);
  });

  it('[inject:ca-private-key] denies a private key, whatever stands beside it', () => {
    for (const kind of ['PRIVATE KEY', 'EC PRIVATE KEY', 'RSA PRIVATE KEY', 'ENCRYPTED PRIVATE KEY']) {
      expect(judge(`${good}-----BEGIN ${kind}-----\nAAAA\n-----END ${kind}-----\n`)).toEqual(['CA_PRIVATE_KEY']);
    }
  });

  it('[inject:ca-bundle] denies what is no certificate', () => {
    expect(judge('')).toEqual(['CA_NOT_PEM']);
    expect(judge(good.replace('MIIB', 'MIIC'))).toEqual(['CA_NOT_PEM']);
    expect(judge(good.replaceAll('CERTIFICATE', 'PUBLIC KEY'))).toEqual(['CA_NOT_PEM']);
  });

  it('[jwt:ca-mount] is judged alike where it is that of the issuer', () => {
    const path = ['identity', 'jwt', 'ca'];
    const at = (text: string) =>
      judgeAuthority({ configMap: 'corp-ca', key: 'ca.crt' }, path, { ...facts, configMap: () => ({ 'ca.crt': text }) });
    expect(at('hello').issues).toMatchObject([{ code: 'CA_NOT_PEM', path }]);
    expect(at(good).issues).toEqual([]);
  });

  it('knows no key that only every object has', () => {
    const found = judgeAuthority({ configMap: 'corp-ca', key: 'toString' }, ['redis-ca'], { ...facts, configMap: () => ({}) });
    expect(found.issues.map(({ code }) => code)).toEqual(['CA_KEY_MISSING']);
  });
});
