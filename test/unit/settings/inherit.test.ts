import { describe, expect, it } from 'vitest';
import { inherit } from '../../../src/settings/inherit.ts';
import { codesOf, keyed, REDIS } from './keyed.ts';

const namespace = keyed({ redis: 'redis://namespace', 'redis-secret': 'of-namespace', identity: '{}', mode: 'shadow', port: '1' });
const cluster = keyed({ redis: 'redis://cluster', 'redis-secret': 'of-cluster', 'on-redis-failure': 'closed', mode: 'shadow' });

describe('inherit', () => {
  it('[settings:levels] takes redis, identity and mode from the namespace, and nothing else', () => {
    const { annotations, issues, warnings } = inherit(keyed({ inject: 'true' }), { ...namespace, 'other.dev/x': '1' }, cluster);
    expect(annotations).toEqual(
      keyed({ inject: 'true', redis: 'redis://namespace', 'redis-secret': 'of-namespace', identity: '{}', mode: 'shadow' }),
    );
    expect(issues).toEqual([]);
    expect(warnings).toMatchObject([{ code: 'IGNORED_ON_NAMESPACE', path: ['port'] }]);
  });

  it("[settings:levels] lets the object's own value win", () => {
    const { annotations } = inherit(keyed({ mode: 'enforce', identity: 'own' }), namespace, {});
    expect(annotations).toMatchObject(keyed({ mode: 'enforce', identity: 'own' }));
  });

  it('[settings:redis-group] takes all that belongs to redis from the level that sets it', () => {
    expect(inherit(keyed({ redis: REDIS }), namespace, cluster).annotations).toEqual(
      keyed({ redis: REDIS, identity: '{}', mode: 'shadow' }),
    );
    expect(inherit({}, {}, cluster).annotations).toEqual(
      keyed({ redis: 'redis://cluster', 'redis-secret': 'of-cluster', 'on-redis-failure': 'closed' }),
    );
  });

  it("[settings:redis-group] refuses a secret beside another level's redis, and does not send it there", () => {
    const own = inherit(keyed({ 'redis-secret': 'own', 'redis-ca': 'own' }), namespace, {});
    expect(codesOf(own.issues)).toEqual(['REDIS_GROUP_SPLIT', 'REDIS_GROUP_SPLIT']);
    expect(own.annotations).toMatchObject(keyed({ 'redis-secret': 'of-namespace' }));
    expect(own.annotations).not.toHaveProperty(['mcp-sluice.dev/redis-ca']);
    expect(codesOf(inherit({}, keyed({ 'redis-secret': 'x' }), cluster).issues)).toEqual(['REDIS_GROUP_SPLIT']);
    expect(codesOf(inherit(keyed({ redis: REDIS }), keyed({ 'redis-secret': 'x' }), cluster).issues)).toEqual([]);
  });

  it('[settings:redis-group] warns of a secret on a namespace where no level sets redis', () => {
    expect(inherit({}, keyed({ 'redis-secret': 'x' }), {})).toMatchObject({ issues: [], warnings: [{ code: 'REDIS_MISSING' }] });
  });

  it('gives the same again when its result is fed back', () => {
    const once = inherit(keyed({ inject: 'true' }), namespace, cluster).annotations;
    expect(inherit(once, namespace, cluster)).toMatchObject({ annotations: once, issues: [] });
  });
});
