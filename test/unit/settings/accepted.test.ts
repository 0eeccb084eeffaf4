import { describe, expect, it } from 'vitest';
import { parseSettings } from '../../../src/settings/annotations.ts';
import { RETUNABLE } from '../../../src/settings/retune.ts';
import { DEFAULT_SESSIONS } from '../../../src/settings/sessions.ts';
import { codesOf, keyed, REDIS } from './keyed.ts';

const HEADER = 'header: {name: X-User, from: [10.0.0.0/8]}';
const limits = (yaml: string) =>
  parseSettings(keyed({ inject: 'true', redis: REDIS, identity: HEADER, 'rate-limit': yaml })).settings?.rateLimit;
const minute = (maxTokens: number, refillPeriod = '1m') => ({ maxTokens, refillPeriod, refillPeriodMs: 60_000 });

describe('what is accepted', () => {
  it('[settings:defaults] gives every absent key its default', () => {
    expect(parseSettings(keyed({ inject: 'true' })).settings).toEqual({
      inject: true,
      capture: 'auto',
      paths: [],
      sessions: DEFAULT_SESSIONS,
      rejection: 'auto',
      mode: 'enforce',
      sidecarResources: { requests: { cpu: '50m', memory: '96Mi' }, limits: { memory: '256Mi' } },
      logLevel: 'info',
      bindEnv: [],
      remoteEntries: [],
    });
  });

  it('[settings:shorthand] reads 10/1m as a bucket, and as the shared bucket of a tool', () => {
    expect(limits('shared: 10/1m\ntools: {search: 5/1m}')).toEqual({
      shared: minute(10),
      tools: [{ pattern: 'search', shared: minute(5), cost: 1 }],
      methods: [],
    });
  });

  it("[settings:toolhive-form] reads ToolHive's long form word for word", () => {
    const toolhive = 'perUser: {maxTokens: 9, refillPeriod: 1m0s}\ntools: [{name: a, shared: {maxTokens: 5, refillPeriod: 1m0s}}]';
    expect(limits(toolhive)).toEqual({
      perClient: minute(9, '1m0s'),
      tools: [{ pattern: 'a', shared: minute(5, '1m0s'), cost: 1 }],
      methods: [],
    });
  });

  it('[settings:per-user] takes perUser as perClient, and refuses both at once', () => {
    expect(limits('tools: {a: {perUser: 5/1m}}')).toEqual(limits('tools: {a: {perClient: 5/1m}}'));
    const both = parseSettings(keyed({ inject: 'true', redis: REDIS, identity: HEADER, 'rate-limit': 'perUser: 5/1m\nperClient: 5/1m' }));
    expect(both.issues).toMatchObject([{ code: 'BOTH_WORDS', line: 1, column: 10 }]);
  });

  it('[settings:machine-keys] ignores what the webhook itself writes, whatever stands in it', () => {
    const { settings, issues } = parseSettings(keyed({ inject: 'true', status: '{"mode":"shadow"}', propagated: '[' }));
    expect(issues).toEqual([]);
    expect(settings?.mode).toBe('enforce');
  });

  it('[settings:foreign-keys] leaves annotations of others alone', () => {
    const foreign = { 'mcp-sluice.dev': 'x', 'other.dev/rate-limit': 'x', 'kubectl.kubernetes.io/restartedAt': 'x' };
    expect(parseSettings(foreign)).toMatchObject({ issues: [], warnings: [] });
  });

  it('[settings:config-without-inject] warns of a key without inject, and not of one with inject "false"', () => {
    expect(codesOf(parseSettings(keyed({ port: '8080' })).warnings)).toEqual(['CONFIG_WITHOUT_INJECT']);
    expect(parseSettings(keyed({ port: '8080', inject: 'false' })).warnings).toEqual([]);
    expect(parseSettings({}).warnings).toEqual([]);
  });

  it('[settings:header-identity] warns that whoever reaches the sidecar from there can set the header', () => {
    const { warnings, settings } = parseSettings(keyed({ inject: 'true', identity: HEADER }));
    expect(settings?.identity).toEqual({ header: { name: 'x-user', from: ['10.0.0.0/8'] } });
    expect(warnings).toMatchObject([{ code: 'HEADER_IDENTITY', path: ['identity', 'header'] }]);
  });

  it('[settings:retunable] lists exactly the keys that take effect without a restart', () => {
    expect(RETUNABLE.toSorted()).toEqual(['log-level', 'mode', 'on-redis-failure', 'rate-limit', 'rejection', 'sessions']);
  });

  it('[settings:prototype] takes __proto__ and constructor for names like others', () => {
    expect(limits('tools: {__proto__: 3/1m, constructor: 3/1m}')?.tools.map(({ pattern }) => pattern)).toEqual([
      '__proto__',
      'constructor',
    ]);
    const { issues } = parseSettings(keyed({ redis: REDIS, 'rate-limit': '__proto__: {shared: 3/1m}\nshared: 3/1m' }));
    expect(codesOf(issues)).toEqual(['UNKNOWN_FIELD']);
    expect(codesOf(parseSettings(keyed({ __proto__: 'x' })).issues)).toEqual([]);
    expect(codesOf(parseSettings(keyed({ constructor: 'x' })).issues)).toEqual(['UNKNOWN_KEY']);
    expect(Object.hasOwn(Object.prototype, 'shared')).toBe(false);
  });
});
