import { describe, expect, it } from 'vitest';
import { hostUrl, readyPods } from './cluster.ts';
import { apply } from './kubectl.ts';
import { connect } from './mcp-client.ts';
import { useNamespaces } from './namespace.ts';
import { deployment, nodePort, REDIS_URL, redis } from './objects.ts';

const namespace = 'e2e-04';
const sum = { a: 1, b: 2 };

describe('a shared limit and one of a tool', () => {
  useNamespaces({ [namespace]: {} });

  it('[e2e:tool-limit] accepts both; the limit of a tool stops that tool alone, and a refused call takes nothing', async () => {
    const limit = 'shared: 6/1h\ntools:\n  echo: 2/1h\n';
    const template = { inject: 'true', redis: REDIS_URL, 'rate-limit': limit };
    await apply(...redis(namespace), deployment({ name: 'app', namespace, template }), nodePort({ name: 'app', namespace }));
    await readyPods(namespace, 'app');
    const connected = await connect(await hostUrl(namespace, 'app'));

    for (let call = 1; call <= 2; call += 1) expect(await connected.call('echo', { message: 'x' })).toMatchObject({ ok: true });
    for (let call = 1; call <= 3; call += 1) {
      const { ok, exchange } = await connected.call('echo', { message: 'x' });
      expect(ok).toBe(false);
      expect(exchange.status).toBe(429);
      expect(JSON.parse(exchange.text ?? '').error.data.limit).toBe('tool:echo');
    }
    // Six shared tokens, two of them spent by echo: its refusals took none.
    for (let call = 1; call <= 4; call += 1) expect(await connected.call('get-sum', sum)).toMatchObject({ ok: true });
    const { exchange } = await connected.call('get-sum', sum);
    expect(exchange.status).toBe(429);
    expect(JSON.parse(exchange.text ?? '').error.data.limit).toBe('shared');
    await connected.close();
  });
});
