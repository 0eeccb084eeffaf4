import { describe, expect, it } from 'vitest';
import { hostUrl, readyPods } from './cluster.ts';
import { apply } from './kubectl.ts';
import { connect } from './mcp-client.ts';
import { useNamespaces } from './namespace.ts';
import { deployment, nodePort, REDIS_URL, redis } from './objects.ts';

const namespace = 'e2e-03';

describe('a shared limit', () => {
  useNamespaces({ [namespace]: {} });

  it('[e2e:shared-limit] answers the fourth tools/call of 3/1m with 429, -32029, the wait and the id of the request', async () => {
    const template = { inject: 'true', redis: REDIS_URL, 'rate-limit': 'shared: 3/1m' };
    await apply(...redis(namespace), deployment({ name: 'app', namespace, template }), nodePort({ name: 'app', namespace }));
    await readyPods(namespace, 'app');
    const connected = await connect(await hostUrl(namespace, 'app'));
    for (let call = 1; call <= 3; call += 1) expect(await connected.call('echo', { message: String(call) })).toMatchObject({ ok: true });

    const { ok, exchange } = await connected.call('echo', { message: '4' });
    expect(ok).toBe(false);
    expect(exchange.status).toBe(429);
    expect(exchange.headers.get('content-type')).toMatch(/^application\/json/);
    const body = JSON.parse(exchange.text ?? '');
    expect(body).toMatchObject({ jsonrpc: '2.0', id: exchange.sent.id, error: { code: -32029 } });
    const wait = body.error.data.retryAfterSeconds;
    expect(wait).toBeGreaterThan(0);
    // One token of three comes back every 20 s.
    expect(wait).toBeLessThanOrEqual(20);
    expect(exchange.headers.get('retry-after')).toBe(String(wait));
    expect(exchange.headers.get('ratelimit')).toContain('r=0');
    await connected.close();
  });
});
