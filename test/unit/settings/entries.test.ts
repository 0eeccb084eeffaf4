import { describe, expect, it } from 'vitest';
import { parseSettings } from '../../../src/settings/annotations.ts';
import { codesOf, keyed, REDIS } from './keyed.ts';

const parse = (yaml: string, others: Record<string, string> = { redis: REDIS }) =>
  parseSettings(keyed({ inject: 'true', ...others, 'remote-entries': yaml }));
const faults = (fields: string, others?: Record<string, string>) => codesOf(parse(`[{name: a, ${fields}}]`, others).issues);
const HOST = 'url: https://a.example';

describe('remote entries', () => {
  it.each([
    ['url: http://a.example', 'INSECURE_URL'],
    ['url: https://u:p@a.example', 'URL_CREDENTIALS'],
    ['url: https://a.example/#x', 'BAD_URL'],
    ['url: /mcp', 'BAD_URL'],
    ['url: "https://a.0x1/"', 'BAD_URL'],
    ['url: "ws://a.example"', 'BAD_URL'],
    ['url: http://a.example, allowInsecure: true, caBundle: {configMap: ca}', 'CA_WITHOUT_TLS'],
  ])('[settings:entry-url] refuses {%s}', (fields, code) => {
    expect(faults(fields)).toContain(code);
  });

  it('[settings:entry-url] reads the URL as it will be dialled', () => {
    expect(parse('[{name: a, url: "https://A.Example:443/b/../c?d=e"}]').settings?.remoteEntries).toEqual([
      {
        name: 'a',
        url: 'https://a.example/c?d=e',
        transport: 'streamable-http',
        allowPrivate: false,
        allowInsecure: false,
        headers: [],
      },
    ]);
    expect(faults('url: http://a.example, allowInsecure: true')).toEqual([]);
  });

  it.each([
    ['https://169.254.169.254/x', 'FORBIDDEN_ADDRESS'],
    ['https://metadata.google.internal./x', 'FORBIDDEN_ADDRESS'],
    ['https://127.1/', 'FORBIDDEN_ADDRESS'],
    ['https://0x7f.0.0.1/', 'FORBIDDEN_ADDRESS'],
    ['https://[::]/', 'FORBIDDEN_ADDRESS'],
    ['https://[64:ff9b::7f00:1]/', 'FORBIDDEN_ADDRESS'],
    ['https://10.0.0.1/', 'PRIVATE_ADDRESS'],
    ['https://[fd00::1]/', 'PRIVATE_ADDRESS'],
  ])('[settings:entry-address] refuses %s', (url, code) => {
    expect(faults(`url: "${url}"`)).toContain(code);
    const allowed = faults(`url: "${url}", allowPrivate: true`);
    expect(allowed.includes(code)).toBe(code === 'FORBIDDEN_ADDRESS');
  });

  it('[settings:entry-names] refuses a name twice, and one that is no DNS label', () => {
    expect(faults(`${HOST}}, {name: a, ${HOST}`)).toEqual(['DUPLICATE_ENTRY']);
    for (const name of ['A', 'a_b', '-a', 'a-', 'a.b', 'a/b', '""', 'x'.repeat(64)]) {
      expect(codesOf(parse(`[{name: ${name}, ${HOST}}]`).issues)).toEqual(['BAD_NAME']);
    }
  });

  it('[settings:entry-bundle] refuses what could leave its folder, and two sources or none', () => {
    for (const path of ['ca.crt', '/a/../b', '/a\\0']) expect(faults(`${HOST}, caBundle: {caFile: "${path}"}`)).toEqual(['BAD_PATH']);
    for (const key of ['..', '../x', 'a/b']) expect(faults(`${HOST}, caBundle: {configMap: ca, key: "${key}"}`)).toEqual(['BAD_KEY']);
    expect(faults(`${HOST}, caBundle: {configMap: ../x}`)).toEqual(['BAD_NAME']);
    expect(faults(`${HOST}, caBundle: {exclusive: true}`)).toEqual(['BAD_CA']);
    expect(faults(`${HOST}, caBundle: {configMap: a, caFile: /b}`)).toEqual(['BAD_CA']);
    expect(faults(`${HOST}, caBundle: {caFile: /b, key: a}`)).toEqual(['BAD_CA']);
    expect(parse(`[{name: a, ${HOST}, caBundle: {caFile: /etc/ca.crt, exclusive: true}}]`).settings?.remoteEntries[0]?.caBundle).toEqual({
      caFile: '/etc/ca.crt',
      exclusive: true,
    });
  });

  const header = (name: string) => `{name: "${name}", secret: s, key: k}`;

  it.each([
    'Host',
    'content-length',
    'Content-Type',
    'Connection',
    'TE',
    'Transfer-Encoding',
    'Transfer_Encoding',
    'mcp_session_id',
    'Mcp-Session-Id',
    'mcp-anything',
    'Accept',
    'A B',
    '',
  ])('[settings:entry-headers] refuses the header "%s"', (name) => {
    expect(faults(`${HOST}, headers: [${header(name)}]`)).toEqual(['BAD_HEADER']);
  });

  it('[settings:entry-headers] takes Authorization and others, none twice in whatever case, and no plain value', () => {
    expect(faults(`${HOST}, headers: [${header('Authorization')}, ${header('X-Api-Key')}, ${header('Cookie')}]`)).toEqual([]);
    for (const [one, other] of [
      ['X-Key', 'x-key'],
      ['x-key', 'X-Key'],
    ] as const) {
      expect(faults(`${HOST}, headers: [${header(one)}, ${header(other)}]`)).toEqual(['DUPLICATE_HEADER']);
    }
    expect(faults(`${HOST}, headers: [{name: X, value: hunter2}]`)).toEqual(['MISSING_FIELD', 'MISSING_FIELD', 'UNKNOWN_FIELD']);
  });

  it('[settings:entry-limit] refuses a limit without Redis, and one per client', () => {
    expect(parse(`- name: a\n  ${HOST}\n  rateLimit: {shared: 5/1m}`, {}).issues).toMatchObject([
      { code: 'LIMIT_WITHOUT_REDIS', path: ['remote-entries', 0, 'rateLimit'], line: 3, column: 3 },
    ]);
    for (const limit of ['perClient: 5/1m', 'perUser: 5/1m', 'tools: {x: {perClient: 5/1m}}', 'methods: {a/b: {perUser: 5/1m}}']) {
      expect(faults(`${HOST}, rateLimit: {${limit}}`, { redis: REDIS, identity: 'header: {name: X-U, from: [10.0.0.0/8]}' })).toEqual([
        'PER_CLIENT_OF_AN_ENTRY',
      ]);
    }
    expect(faults(`${HOST}, rateLimit: {shared: 5/1m}`)).toEqual([]);
  });

  it('[settings:entry-every-error] tells the faults of all entries at once, each in its line', () => {
    const { issues } = parse('- {name: A, url: /x}\n- {name: b, url: http://b.example, rateLimit: {perClient: 0/1m}}\n- {nam: c}', {});
    expect(issues.map(({ code, line }) => `${line} ${code}`).toSorted()).toEqual([
      '1 BAD_NAME',
      '1 BAD_URL',
      '2 INSECURE_URL',
      '2 LIMIT_WITHOUT_REDIS',
      '2 OUT_OF_RANGE',
      '2 PER_CLIENT_OF_AN_ENTRY',
      '3 MISSING_FIELD',
      '3 MISSING_FIELD',
      '3 UNKNOWN_FIELD',
    ]);
  });

  it('[settings:entry-clear-text] warns of a header that leaves unencrypted', () => {
    const { warnings, issues } = parse(`[{name: a, url: http://a.example, allowInsecure: true, headers: [${header('X-Key')}]}]`);
    expect([codesOf(issues), codesOf(warnings)]).toEqual([[], ['HEADER_IN_THE_CLEAR']]);
  });

  it('[settings:entry-bounded] refuses more entries and headers than a sidecar bears', () => {
    const list = (count: number) => Array.from({ length: count }, (_, index) => `{name: a${index}, ${HOST}}`).join(', ');
    expect(parse(`[${list(32)}]`).issues).toEqual([]);
    expect(parse(`[${list(33)}]`).issues).toMatchObject([
      { code: 'OUT_OF_RANGE', message: 'lists 33, and 32 are the most that is allowed' },
    ]);
    expect(faults(`${HOST}, headers: [${Array.from({ length: 17 }, (_, index) => header(`X-${index}`)).join(', ')}]`)).toEqual([
      'OUT_OF_RANGE',
    ]);
    expect(codesOf(parse('[]').issues)).toEqual(['OUT_OF_RANGE']);
  });

  it('[settings:entry-capture-none] refuses capture: none beside settings of a server, and without entries', () => {
    const none = (others: Record<string, string>) => codesOf(parseSettings(keyed({ inject: 'true', capture: 'none', ...others })).issues);
    const entries = { 'remote-entries': `[{name: a, ${HOST}}]` };
    expect(none(entries)).toEqual([]);
    expect(none({})).toEqual(['NOTHING_TO_DO']);
    expect(none({ ...entries, redis: REDIS, port: '80', paths: '/mcp', 'rate-limit': 'shared: 5/1m', 'bind-env': 'A=b' })).toEqual(
      new Array(4).fill('SERVER_NOT_CAPTURED'),
    );
  });
});
