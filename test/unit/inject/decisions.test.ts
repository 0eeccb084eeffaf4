import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { configMapsOf } from '../../../src/inject/admit.ts';
import { judgeBindAddress } from '../../../src/inject/bind-address.ts';
import { isOurImage, repository } from '../../../src/inject/ours.ts';
import { ownerOfPod, ownerOfWorkload } from '../../../src/inject/owner.ts';
import { VERSION } from '../../../src/inject/stamp.ts';
import { PREFIX } from '../../../src/lib/prefix.ts';
import { facts } from './samples.ts';

describe('the owner of a pod', () => {
  const owned = (kind: string, name: string, hash?: string) => ({
    metadata: {
      name: 'x-1',
      labels: hash ? { 'pod-template-hash': hash } : {},
      ownerReferences: [
        { kind: 'Node', name: 'n' },
        { kind, name, controller: true },
      ],
    },
  });

  it.each([
    ['a ReplicaSet of a Deployment', owned('ReplicaSet', 'web-6d4', '6d4'), 'Deployment/web'],
    ['a bare ReplicaSet', owned('ReplicaSet', 'web-6d4'), 'ReplicaSet/web-6d4'],
    ['a ReplicaSet whose name ends otherwise', owned('ReplicaSet', 'web6d4', '6d4'), 'ReplicaSet/web6d4'],
    ['a StatefulSet', owned('StatefulSet', 'web-6d4', '6d4'), 'StatefulSet/web-6d4'],
    ['nobody', { metadata: { name: 'web' } }, 'Pod/web'],
    ['nobody, with its name to come', { metadata: { generateName: 'web-' } }, 'Pod/web'],
  ])('[inject:owner] is told for %s', (_, pod, expected) => {
    const owner = ownerOfPod(pod);
    expect(`${owner.kind}/${owner.name}`).toBe(expected);
  });

  it('[inject:owner] is the controller of the workload, or the workload', () => {
    expect(ownerOfWorkload('Job', owned('CronJob', 'nightly'))).toEqual({ kind: 'CronJob', name: 'nightly' });
    expect(ownerOfWorkload('Job', { metadata: { name: 'once' } })).toEqual({ kind: 'Job', name: 'once' });
  });
});

describe('an image of ours', () => {
  it('[inject:ours] is known by its repository alone', () => {
    expect(repository('host:5000/a/b:v1@sha256:00')).toBe('host:5000/a/b');
    expect(repository('host:5000/a/b')).toBe('host:5000/a/b');
    expect(isOurImage('ghcr.io/mcp-sluice/mcp-sluice:9', facts)).toBe(true);
    expect(isOurImage('ghcr.io/mcp-sluice/mcp-sluice-x:9', facts)).toBe(false);
    expect(isOurImage('evil/ghcr.io/mcp-sluice/mcp-sluice:9', facts)).toBe(false);
  });
});

describe('an app that seems to bind all addresses', () => {
  const isSuspect = (container: object) => judgeBindAddress({ name: 'app', ...container }, []).length > 0;

  it.each([
    ['0.0.0.0'],
    ['--host=0.0.0.0'],
    ['0.0.0.0:8000'],
    ['http://0.0.0.0:8000/'],
    ['::'],
    ['[::]:80'],
    ['uvicorn x --host 0.0.0.0 --port 1'],
  ])('[inject:binds-everywhere] is suspected for %s', (word) => {
    expect(isSuspect({ args: ['serve', word] })).toBe(true);
    expect(isSuspect({ command: ['sh', '-c', word] })).toBe(true);
    expect(isSuspect({ env: [{ name: 'BIND_ADDR', value: word }] })).toBe(true);
  });

  it.each([['127.0.0.1'], ['10.0.0.0'], ['10.0.0.0.0'], ['::1'], ['fe80::'], ['std::vector'], ['1.0.0.0.0/8']])(
    '[inject:binds-everywhere] is not suspected for %s',
    (word) => {
      expect(isSuspect({ args: [word], env: [{ name: 'HOST', value: word }] })).toBe(false);
    },
  );
});

describe('configMapsOf', () => {
  it('[inject:config-maps] names those of object, template and, where they are known, of the levels above', () => {
    const annotated = (ca: string) => ({ metadata: { annotations: { [`${PREFIX}redis-ca`]: ca } } });
    const deployment = { ...annotated('own:root.pem'), spec: { template: annotated('templates') } };
    const input = { kind: 'Deployment', operation: 'CREATE' as const, object: deployment };
    expect(configMapsOf(input)).toEqual(['own', 'templates']);
    const namespace = { ...facts.namespace, annotations: { [`${PREFIX}redis`]: 'rediss://r', [`${PREFIX}redis-ca`]: 'platform' } };
    expect(configMapsOf({ ...input, kind: 'Pod', object: {} }, { namespace, defaults: {} })).toEqual(['platform']);
    expect(configMapsOf({ ...input, kind: 'Pod', object: annotated('../x') })).toEqual([]);
  });

  it("[jwt:ca-mount] names that of the issuer's CA, also where the namespace gives it", () => {
    const identity = (ca: string) => ({ [`${PREFIX}identity`]: `{jwt: {issuer: https://idp.example, audience: a, ca: "${ca}"}}` });
    const pod = { kind: 'Pod', operation: 'CREATE' as const, object: { metadata: { annotations: identity('idp-ca:root.pem') } } };
    expect(configMapsOf(pod)).toEqual(['idp-ca']);
    const namespace = { ...facts.namespace, annotations: identity('platform') };
    expect(configMapsOf({ ...pod, object: {} }, { namespace, defaults: {} })).toEqual(['platform']);
    expect(configMapsOf({ ...pod, object: { metadata: { annotations: identity('../x') } } })).toEqual([]);
  });
});

describe('VERSION', () => {
  it('is that of package.json', () => {
    expect(JSON.parse(readFileSync(new URL('../../../package.json', import.meta.url), 'utf8')).version).toBe(VERSION);
  });
});
