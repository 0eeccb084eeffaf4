import { describe, expect, it } from 'vitest';
import { listObjects, tryApply } from './kubectl.ts';
import { useNamespaces } from './namespace.ts';
import { deployment, pod, REDIS_URL } from './objects.ts';

const namespace = 'e2e-01';
const limitAlone = { inject: 'true', 'rate-limit': 'shared: 3/1m' };

describe('what kubectl apply refuses', () => {
  useNamespaces({ [namespace]: {} });

  it.for([
    ['Pod', pod({ name: 'no-redis', namespace, template: limitAlone })],
    ['Deployment with the annotations on its template', deployment({ name: 'no-redis', namespace, template: limitAlone })],
    ['Deployment with them on its own metadata', deployment({ name: 'no-redis', namespace, metadata: limitAlone })],
  ] as const)(
    '[e2e:limit-without-redis] refuses a limit without Redis on a %s and names annotation, rule and remedy',
    async ([, object]) => {
      const refused = await tryApply(object);
      expect(refused.code).not.toBe(0);
      expect(refused.stderr).toContain('mcp-sluice.dev/rate-limit');
      expect(refused.stderr).toMatch(/redis/i);
      // The three remedies: this pod, this namespace, the cluster.
      expect(refused.stderr).toContain('mcp-sluice.dev/redis');
      expect(refused.stderr).toContain('kubectl annotate namespace');
      expect(refused.stderr).toContain('--default-redis');
    },
  );

  it('[e2e:every-error] gives three errors for three mistakes in one object', async () => {
    const template = { inject: 'true', redis: REDIS_URL, prot: '3001', capture: 'sideways', 'rate-limit': 'shared: 0/1m' };
    const refused = await tryApply(deployment({ name: 'three', namespace, template }));
    expect(refused.code).not.toBe(0);
    expect(refused.stderr.match(/^\s*- mcp-sluice\.dev\//gm)).toHaveLength(3);
    expect(refused.stderr).toMatch(/mcp-sluice\.dev\/prot:.*did you mean "port"/);
    expect(refused.stderr).toMatch(/mcp-sluice\.dev\/capture.*sideways/);
    expect(refused.stderr).toMatch(/mcp-sluice\.dev\/rate-limit.*line 1/);
  });

  it('[e2e:refused-leaves-nothing] leaves nothing of what it refused', async () => {
    expect(await listObjects(['deployments,replicasets,pods', '-n', namespace])).toEqual([]);
  });
});
