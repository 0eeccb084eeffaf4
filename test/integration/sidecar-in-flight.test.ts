import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { expect, it } from 'vitest';
import { ByteBudget } from '../../sidecar/byte-budget.ts';
import type { Exchange } from '../../sidecar/exchange.ts';
import { InFlight } from '../../sidecar/in-flight.ts';
import { createProxyServer } from '../../sidecar/server.ts';
import { rawRequest, sendRaw, toolCall } from '../support/raw-client.ts';
import { until } from '../support/until-true.ts';

it('[sidecar:in-flight] refuses what exceeds the requests that may be answered at once, and takes more when they end', async () => {
  const [inFlight, waiting, refused] = [new InFlight(), [] as Exchange[], [] as string[]];
  const server = createProxyServer({
    isLoopbackListener: true,
    budget: new ByteBudget(1024),
    inFlight,
    answer: async (exchange) => void waiting.push(exchange),
    onEarlyRefusal: (refusal) => refused.push(refusal),
    onAbort: () => {},
    onBug: (error) => {
      throw error;
    },
    maxInFlight: 2,
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  const send = () => sendRaw(port, rawRequest({ body: toolCall('x') }), { quietMs: 200 });

  const held = [send(), send()];
  await until(() => waiting.length === 2);
  const third = await send();
  expect(third).toMatchObject({ status: 503, headers: { 'retry-after': '1', connection: 'close' } });
  expect(JSON.parse(third.body)).toMatchObject({ jsonrpc: '2.0', error: { code: -32603 } });
  expect(refused).toEqual(['crowd']);

  for (const exchange of waiting.splice(0)) exchange.response.end('done');
  await Promise.all(held);
  await until(() => inFlight.count === 0);
  const fourth = send();
  await until(() => waiting.length === 1);
  waiting[0]?.response.end('done');
  expect((await fourth).status).toBe(200);
  server.closeAllConnections();
  await once(server.close(), 'close');
});
