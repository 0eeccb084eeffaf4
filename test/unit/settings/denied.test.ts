import { describe, expect, it } from 'vitest';
import { renderIssues } from '../../../src/lib/issue-text.ts';
import { parseSettings } from '../../../src/settings/annotations.ts';
import { codesOf, keyed, REDIS } from './keyed.ts';

const limits = (yaml: string) => parseSettings(keyed({ inject: 'true', redis: REDIS, 'rate-limit': yaml }));
const single = (key: string, value: string) => parseSettings(keyed({ inject: 'true', [key]: value }));

describe('what is denied', () => {
  it('[settings:all-errors] tells every error of an object at once, each with its key', () => {
    const { issues, settings } = parseSettings(keyed({ inject: 'yes', prot: '1', 'rate-limit': 'shared: 0/1m\nx: 1', mode: 'off' }));
    expect(settings).toBeUndefined();
    expect(issues.map(({ path }) => path.join('.'))).toEqual([
      'inject',
      'prot',
      'rate-limit.shared.maxTokens',
      'rate-limit.x',
      'mode',
      'rate-limit',
    ]);
    expect(renderIssues(issues).split('\n')).toHaveLength(6);
  });

  it('[settings:unknown-key] refuses an unknown key of ours and names the nearest known one', () => {
    const { issues } = single('rate-limti', 'x');
    expect(codesOf(issues)).toEqual(['UNKNOWN_KEY']);
    expect(renderIssues(issues)).toBe('mcp-sluice.dev/rate-limti: no annotation of ours; did you mean "rate-limit"?');
  });

  it('[settings:bad-yaml] refuses what is no YAML, with line and column', () => {
    const [issue] = limits('shared: 3/1m\n\ttools: {}').issues;
    expect(issue).toMatchObject({ code: 'BAD_YAML', line: 2, column: 1 });
  });

  it.each([
    ['a second document', 'shared: 3/1m\n---\nshared: 4/1m'],
    ['an alias', 'shared: &a 3/1m\nperClient: *a'],
    ['a tag', 'shared: !!str 3/1m'],
    ['a merge key', '<<: {shared: 3/1m}'],
    ['a key that is a list', '? [a]\n: 3/1m'],
    ['a YAML version', '%YAML 1.1\n---\nshared: 3/1m'],
  ])('[settings:plain-yaml] refuses %s', (_, yaml) => {
    expect(codesOf(limits(yaml).issues)).toContain('BAD_YAML');
  });

  it('[settings:unknown-field] refuses an unknown field, where it stands, and names the nearest known one', () => {
    const { issues } = limits('shared: 3/1m\ntools:\n  a: {shred: 3/1m, shared: 3/1m}');
    expect(issues).toMatchObject([{ code: 'UNKNOWN_FIELD', path: ['rate-limit', 'tools', 'a', 'shred'], line: 3, column: 7 }]);
    expect(issues[0]?.message).toContain('did you mean "shared"?');
  });

  it.each([
    ['3.5/1m', 'NOT_INTEGER'],
    ['{maxTokens: 2.5, refillPeriod: 1m}', 'NOT_INTEGER'],
    ['{maxTokens: "2", refillPeriod: 1m}', 'WRONG_TYPE'],
    ['0/1m', 'OUT_OF_RANGE'],
    ['-1/1m', 'OUT_OF_RANGE'],
    ['1000000001/1m', 'OUT_OF_RANGE'],
  ])('[settings:sizes] refuses a bucket of %s', (bucket, code) => {
    expect(limits(`shared: ${bucket}`).issues).toMatchObject([{ code, line: 1 }]);
  });

  it.each(['999ms', '31d1s', '0s', '1y', '60', '-5m', '1e3s', 'm'])('[settings:periods] refuses the period %s', (period) => {
    expect(limits(`shared: 3/${period}`).issues).toMatchObject([{ path: ['rate-limit', 'shared', 'refillPeriod'] }]);
  });

  it.each(['1s', '31d', '1m0s', '1h30m', '0.5h', '1000ms'])('[settings:periods] accepts the period %s', (period) => {
    expect(limits(`shared: 3/${period}`).settings?.rateLimit?.shared?.refillPeriod).toBe(period);
  });

  it('[settings:names] refuses names over 256 bytes and with control characters, in both forms', () => {
    const long = 'é'.repeat(129);
    for (const name of [long, 'a\\u0000b', 'a\\u0085b', 'a\\nb']) {
      expect(codesOf(limits(`tools: {? "${name}" : 3/1m}`).issues)).toEqual(['BAD_NAME']);
      expect(codesOf(limits(`tools: [{name: "${name}", shared: 3/1m}]`).issues)).toEqual(['BAD_NAME']);
    }
    expect(limits(`tools: {? "${'é'.repeat(128)}" : 3/1m}`).issues).toEqual([]);
  });

  it('[settings:duplicate-tool] refuses a tool given twice, in either form', () => {
    expect(limits('tools:\n  a: 3/1m\n  a: {shared: 4/1m}').issues).toMatchObject([{ code: 'DUPLICATE_KEY', line: 3, column: 3 }]);
    const list = limits('tools:\n- {name: a, shared: 3/1m}\n- {name: a, shared: 4/1m}');
    expect(list.issues).toMatchObject([{ code: 'DUPLICATE_TOOL', path: ['rate-limit', 'tools', 1, 'name'], line: 3 }]);
  });

  it('[settings:cost] refuses a cost that no call could ever pay', () => {
    expect(codesOf(limits('tools: {a: {shared: 3/1m, cost: 4}}').issues)).toEqual(['COST_ABOVE_LIMIT']);
    expect(limits('tools: {a: {shared: 4/1m, cost: 4}}').issues).toEqual([]);
    expect(limits('shared: 3/1m\ntools: {a: {shared: 4/1m, cost: 4}}').issues).toMatchObject([{ code: 'COST_ABOVE_LIMIT', line: 2 }]);
    expect(limits('shared: 3/1m\ntools: [{name: a, cost: 4}]').issues).toMatchObject([{ path: ['rate-limit', 'tools', 0, 'cost'] }]);
  });

  it('[settings:limit-without-redis] refuses a limit without Redis and says how to set it for pod, namespace and cluster', () => {
    const { issues } = single('rate-limit', 'shared: 3/1m');
    expect(codesOf(issues)).toEqual(['LIMIT_WITHOUT_REDIS']);
    expect(issues[0]?.message).toMatch(
      /this pod: .*mcp-sluice\.dev\/redis.* this namespace: kubectl annotate namespace .* the cluster: .*--default-redis/,
    );
  });

  it('[settings:per-client-without-identity] refuses perClient, by either word, without identity', () => {
    for (const yaml of ['perClient: 3/1m', 'perUser: 3/1m', 'tools: {a: {perClient: 3/1m}}', 'tools: [{name: a, perUser: 3/1m}]']) {
      expect(codesOf(limits(yaml).issues)).toEqual(['PER_CLIENT_WITHOUT_IDENTITY']);
    }
  });

  it('[settings:redis-url] refuses credentials in a URL of Redis without repeating them', () => {
    for (const url of ['redis://u:hunter2@r', 'redis://u:hun/ter2@r', 'rediss://:ter2@r:1', 'redis+cluster://u:hunter2@a,b']) {
      const { issues } = single('redis', url);
      expect(codesOf(issues)).toContain('URL_CREDENTIALS');
      expect(renderIssues(issues)).not.toMatch(/ter2/);
    }
    for (const url of ['r:6379', 'http://r', 'redis://', 'redis://r?password=x', 'redis://r:0', 'redis://r/x', 'redis://r\n']) {
      expect(codesOf(single('redis', url).issues)).toContain('BAD_URL');
    }
  });

  it('[settings:config-key] refuses a key of a ConfigMap that would leave its folder', () => {
    for (const key of ['', '.', '..', '..data', 'a/b', 'a'.repeat(254)]) {
      expect(codesOf(parseSettings(keyed({ redis: 'rediss://r', 'redis-ca': `ca:${key}` })).issues)).toEqual(['BAD_KEY']);
    }
  });

  it.each([
    ['Host', '10.0.0.0/8'],
    ['Authorization', '10.0.0.0/8'],
    ['Transfer-Encoding', '10.0.0.0/8'],
    ['MCP-Protocol-Version', '10.0.0.0/8'],
    ['a b', '10.0.0.0/8'],
    ['X-User', '10.0.0.0/33'],
    ['X-User', 'example.com'],
    ['X-User', ''],
  ])('[settings:header-identity] refuses the header %s from [%s]', (name, from) => {
    expect(single('identity', `header: {name: "${name}", from: [${from}]}`).issues).toHaveLength(1);
  });

  it.each([
    ['issuer: http://a.example', 'INSECURE_URL'],
    ['issuer: "https://u:p@a.example"', 'URL_CREDENTIALS'],
    ['jwksUri: http://a.example/keys', 'INSECURE_URL'],
    ['resourceMetadata: http://a.example/', 'INSECURE_URL'],
    ['audience: ""', 'BAD_AUDIENCE'],
    ['algorithms: [none]', 'BAD_ALGORITHM'],
    ['algorithms: [HS256]', 'BAD_ALGORITHM'],
    ['algorithms: [rs256]', 'BAD_ALGORITHM'],
    ['algorithms: []', 'OUT_OF_RANGE'],
    ['clockSkew: 11m', 'OUT_OF_RANGE'],
    ['clockSkew: -1s', 'BAD_PERIOD'],
    ['required: maybe', 'WRONG_TYPE'],
    ['ca: ../etc', 'BAD_NAME'],
    ['secret: x', 'UNKNOWN_FIELD'],
  ])('[jwt:settings] denies a jwt with %s', (field, code) => {
    const given = new Map([
      ['issuer', 'https://a.example'],
      ['audience', 'b'],
      [field.split(':')[0] ?? '', field.slice(field.indexOf(':') + 1)],
    ]);
    const value = [...given].map(([name, text]) => `  ${name}: ${text.trim()}\n`).join('');
    expect(codesOf(single('identity', `jwt:\n${value}`).issues)).toEqual([code]);
  });

  it.each([
    ['redis', 'redis+sentinel://a:26379/m'],
    ['redis', 'redis+cluster://a:6379'],
  ])('[settings:not-available] denies %s: %s as not available in this version', (key, value) => {
    expect(codesOf(single(key, value).issues)).toEqual(['NOT_AVAILABLE']);
  });

  it('[settings:not-available] tells the faults of what is not available as well', () => {
    expect(codesOf(single('redis', 'redis+cluster://user:secret@a:6379').issues)).toEqual(['URL_CREDENTIALS', 'NOT_AVAILABLE']);
  });
});
