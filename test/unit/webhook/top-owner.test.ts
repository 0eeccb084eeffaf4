import { describe, expect, it } from 'vitest';
import { type KubeObject, kubePaths, type OwnerReference } from '../../../webhook/kube-api.ts';
import { topOwnerOf } from '../../../webhook/top-owner.ts';
import { createFakeKube } from '../../support/fake-kube.ts';

const reference = (apiVersion: string, kind: string, name: string): OwnerReference => ({
  ...{ apiVersion, kind, name, uid: `u-${name}`, controller: true },
});
const podOf = (...ownerReferences: OwnerReference[]): KubeObject => ({
  metadata: { name: 'p', namespace: 'shop', uid: 'u-p', ownerReferences },
});

describe('whom an event is for', () => {
  const kube = createFakeKube();
  const put = (path: string, name: string, uid: string, ...ownerReferences: OwnerReference[]) =>
    kube.put(path, { metadata: { name, namespace: 'shop', uid, ownerReferences } });
  put(kubePaths.replicaSet('shop', 'rs'), 'rs', 'u-rs', reference('apps/v1', 'Deployment', 'cart'));
  put(kubePaths.replicaSet('shop', 'bare'), 'bare', 'u-bare');
  put(kubePaths.replicaSet('shop', 'reused'), 'reused', 'u-new', reference('apps/v1', 'Deployment', 'cart'));
  put(kubePaths.job('shop', 'nightly-1'), 'nightly-1', 'u-nightly-1', reference('batch/v1', 'CronJob', 'nightly'));

  it.each<[string, OwnerReference[], string]>([
    ['the Deployment of its ReplicaSet', [reference('apps/v1', 'ReplicaSet', 'rs')], 'Deployment/cart/u-cart'],
    ['a ReplicaSet without a Deployment', [reference('apps/v1', 'ReplicaSet', 'bare')], 'ReplicaSet/bare/u-bare'],
    ['the CronJob of its Job', [reference('batch/v1', 'Job', 'nightly-1')], 'CronJob/nightly/u-nightly'],
    ['its StatefulSet', [reference('apps/v1', 'StatefulSet', 'db')], 'StatefulSet/db/u-db'],
    ['a controller that we know nothing of', [reference('example.com/v1', 'ReplicaSet', 'rs')], 'ReplicaSet/rs/u-rs'],
    ['a ReplicaSet that is gone', [reference('apps/v1', 'ReplicaSet', 'gone')], 'ReplicaSet/gone/u-gone'],
    ['its own ReplicaSet, not another of the name', [reference('apps/v1', 'ReplicaSet', 'reused')], 'ReplicaSet/reused/u-reused'],
    ['itself, where a node has it from a file', [reference('v1', 'Node', 'n')], 'Pod/p/u-p'],
    ['itself, without a controller', [{ ...reference('v1', 'Node', 'n'), controller: false }], 'Pod/p/u-p'],
  ])('[report:events] is %s', async (_what, references, wanted) => {
    const { kind, name, uid, namespace } = await topOwnerOf(kube, podOf(...references));
    expect([`${kind}/${name}/${uid}`, namespace]).toEqual([wanted, 'shop']);
  });

  it('[report:events] is the nearest, where the next may not be read', async () => {
    const read = () => Promise.reject(new Error('forbidden'));
    expect(await topOwnerOf({ read }, podOf(reference('apps/v1', 'ReplicaSet', 'rs')))).toMatchObject({ kind: 'ReplicaSet' });
  });
});
