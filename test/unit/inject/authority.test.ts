import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, expect, it, vi } from 'vitest';
import { parse } from 'yaml';
import { judgeAuthorities, type NamedAuthority } from '../../../src/inject/authority.ts';
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
  const found = judgeAuthorities([{ ca: { configMap: 'corp-ca', key: 'ca.crt' }, path: ['redis-ca'] }], {
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
      judgeAuthorities([{ ca: { configMap: 'corp-ca', key: 'ca.crt' }, path }], { ...facts, configMap: () => ({ 'ca.crt': text }) });
    expect(at('hello').issues).toMatchObject([{ code: 'CA_NOT_PEM', path }]);
    expect(at(good).issues).toEqual([]);
  });

  it('knows no key that only every object has', () => {
    const found = judgeAuthorities([{ ca: { configMap: 'corp-ca', key: 'toString' }, path: ['redis-ca'] }], {
      ...facts,
      configMap: () => ({}),
    });
    expect(found.issues.map(({ code }) => code)).toEqual(['CA_KEY_MISSING']);
  });

  it('[inject:ca-names] does not tell which keys a ConfigMap has: who asks may have no right to read it', () => {
    const configMap = () => ({ 'prod-db-host': 'x', token: 'y' });
    const { issues } = judgeAuthorities([{ ca: { configMap: 'corp-ca', key: 'ca.crt' }, path: ['redis-ca'] }], { ...facts, configMap });
    expect(issues.map(({ code }) => code)).toEqual(['CA_KEY_MISSING']);
    expect(JSON.stringify(issues)).not.toMatch(/prod-db-host|token/);
  });
});

describe('the cost of CA bundles', () => {
  /** Entries that name these keys of one ConfigMap, a getter for each that counts who read it. */
  const entries = (keys: readonly string[]): NamedAuthority[] =>
    keys.map((key, index) => ({ ca: { configMap: 'corp-ca', key }, path: ['remote-entries', index, 'caBundle'] }));
  const codes = (named: readonly NamedAuthority[], data: Readonly<Record<string, string>>) =>
    judgeAuthorities(named, { ...facts, nowMs: NOW_MS, configMap: () => data }).issues.map(({ code, path }) => `${path[1]} ${code}`);

  it('[inject:ca-bounded] is that of one, however many entries name it', () => {
    const parsed = vi.spyOn(X509Certificate.prototype, 'validToDate', 'get');
    try {
      expect(codes(entries(Array.from({ length: 32 }, () => 'ca.crt')), { 'ca.crt': good.repeat(100) })).toEqual([]);
      expect(codes(entries(['a', 'b']), { a: good, b: `# the same\n${good}` })).toEqual([]);
      expect(parsed).toHaveBeenCalledTimes(2);
    } finally {
      parsed.mockRestore();
    }
  });

  it('[inject:ca-bounded] has a limit for each bundle, said with the value, the rule and the way out', () => {
    const named = entries(['ca.crt']);
    expect(codes(named, { 'ca.crt': good.repeat(300) })).toEqual([]);
    expect(codes(named, { 'ca.crt': good.repeat(301) })).toEqual(['0 CA_TOO_LARGE']);
    expect(codes(named, { 'ca.crt': good + '#'.repeat(512 * 1024) })).toEqual(['0 CA_TOO_LARGE']);
    const [issue] = judgeAuthorities(named, { ...facts, configMap: () => ({ 'ca.crt': good.repeat(301) }) }).issues;
    expect(issue?.message).toBe(
      `key ca.crt of ConfigMap ${facts.namespace.name}/corp-ca holds 301 certificates, and at most 512 KiB and 300 certificates are read: keep the CAs that are needed`,
    );
  });

  it('[inject:ca-bounded] has a limit for all different certificates of an object together', () => {
    // The same to OpenSSL, each another text: blanks at the ends of two lines.
    const variant = (index: number) => {
      const lines = good.trimEnd().split('\n');
      lines[1] += ' '.repeat(index % 40);
      lines[2] += ' '.repeat(Math.floor(index / 40));
      return `${lines.join('\n')}\n`;
    };
    const different = (from: number) => Array.from({ length: 300 }, (_, index) => variant(from + index)).join('');
    const data = { a: different(0), b: different(300), c: different(600), d: different(900), e: different(1200), f: good };
    expect(codes(entries(['a', 'b', 'c']), data)).toEqual([]);
    expect(codes(entries(['a', 'b', 'c', 'd', 'e', 'f', 'a']), data)).toEqual(['4 CA_TOO_MUCH_TOGETHER', '5 CA_TOO_MUCH_TOGETHER']);
  });
});
