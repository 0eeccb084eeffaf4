import { describe, expect, it } from 'vitest';
import { hostUrl, readyPods } from './cluster.ts';
import { apply } from './kubectl.ts';
import { connect } from './mcp-client.ts';
import { useNamespaces } from './namespace.ts';
import { deployment, nodePort, REDIS_URL, redis, SERVERS } from './objects.ts';

const plain = 'e2e-12';
const restricted = 'e2e-12-restricted';
const tools = { everything: { name: 'get-sum', args: { a: 1, b: 2 } }, python: { name: 'add', args: { a: 1, b: 2 } } };

describe('unmodified servers', () => {
  useNamespaces({ [plain]: {}, [restricted]: { enforce: 'restricted' } });

  it.for([
    ['everything', 'redirect', plain],
    ['everything', 'takeover', restricted],
    ['python', 'redirect', plain],
    ['python', 'takeover', restricted],
  ] as const)('[e2e:servers] serves %s through %s to the official client, until its limit', async ([server, capture, namespace]) => {
    const { bindEnv } = SERVERS[server];
    const template = {
      inject: 'true',
      capture,
      redis: REDIS_URL,
      'rate-limit': 'shared: 2/1h',
      ...(capture === 'takeover' ? { 'bind-env': bindEnv } : {}),
    };
    const options = { name: server, namespace, server } as const;
    await apply(...redis(namespace), deployment({ ...options, template }), nodePort(options));
    await readyPods(namespace, server);
    const connected = await connect(await hostUrl(namespace, server));
    const { name, args } = tools[server];
    expect((await connected.client.listTools()).tools.map((tool) => tool.name)).toContain(name);
    const result = await connected.client.callTool({ name, arguments: args });
    expect(JSON.stringify(result.content)).toContain('3');
    expect(await connected.call(name, args)).toMatchObject({ ok: true });
    expect((await connected.call(name, args)).exchange.status).toBe(429);
    await connected.close();
  });
});
