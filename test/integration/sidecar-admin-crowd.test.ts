import { once } from 'node:events';
import { Agent, get, type Server } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { promisify } from 'node:util';
import { afterEach, describe, expect, it } from 'vitest';
import { createAdmin } from '../../sidecar/admin.ts';
import type { ProbeVerdict } from '../../sidecar/app-probes.ts';
import { Metrics } from '../../sidecar/metrics.ts';

/** What a kubelet allows by default is 1 s; this machine may be busy. */
const PATIENCE_MS = 20_000;

describe('the admin port under a crowd', () => {
  const sockets = new Set<Socket>();
  let admin: Server | undefined;
  afterEach(async () => {
    for (const socket of sockets) socket.destroy();
    sockets.clear();
    admin?.closeAllConnections();
    await new Promise((resolve) => (admin === undefined ? resolve(undefined) : admin.close(resolve)));
  });

  async function start(askApp: () => Promise<ProbeVerdict> | undefined = () => undefined): Promise<number> {
    admin = createAdmin({
      startup: () => [],
      readiness: () => [],
      metrics: new Metrics({ bufferedBytes: () => 0, inFlight: () => 0, sessions: () => 0 }),
      askApp,
    });
    admin.listen(0, '127.0.0.1');
    await once(admin, 'listening');
    return (admin.address() as AddressInfo).port;
  }
  const held = () => promisify((done: (error: Error | null, count: number) => void) => admin?.getConnections(done))();
  async function occupy(port: number, localAddress: string, first = ''): Promise<Socket> {
    const socket = connect({ host: '127.0.0.1', port, localAddress });
    sockets.add(socket);
    socket.on('error', () => undefined).on('close', () => sockets.delete(socket));
    await once(socket, 'connect');
    if (first !== '') socket.write(first);
    return socket;
  }
  /** A connection of its own, as kubelets do it; the status, or why there is none. */
  const probe = (port: number, path = '/healthz') =>
    new Promise<number | string | undefined>((resolve) => {
      const options = { host: '127.0.0.1', port, path, localAddress: '127.0.0.1', agent: new Agent({ keepAlive: false }) };
      get({ ...options, timeout: PATIENCE_MS }, (response) => {
        response.resume().on('end', () => resolve(response.statusCode));
      })
        .on('timeout', () => resolve('timeout'))
        .on('error', (error) => resolve(error.message));
    });

  it.each([
    ['idle connections', ''],
    ['requests that never end', 'GET /healthz HTTP/1.1\r\nHost: x\r\n'],
  ])('[sidecar:admin-crowd] answers every probe among a thousand %s, and keeps a bounded number of them', async (_what, first) => {
    const port = await start();
    const answers: unknown[] = [];
    for (let index = 0; index < 1000; index++) {
      await occupy(port, '127.0.0.2', first);
      if (index % 50 === 49) answers.push(await probe(port, index % 100 === 49 ? '/healthz' : '/readyz'));
    }
    expect(answers).toEqual(Array.from({ length: 20 }, () => 200));
    expect(await held()).toBeLessThanOrEqual(64);
  });

  it('[sidecar:admin-crowd] answers probes of the very address that the crowd has', async () => {
    const port = await start();
    for (let index = 0; index < 200; index++) await occupy(port, '127.0.0.1');
    expect(await probe(port)).toBe(200);
  });

  it.each([
    ['one address', () => '127.0.0.2'],
    ['many addresses', (index: number) => `127.0.1.${1 + (index % 100)}`],
  ])(
    '[sidecar:admin-crowd] lets a probe finish that waits for the app, whatever crowd comes from %s meanwhile',
    async (_what, addressOf) => {
      const asked = Promise.withResolvers<void>();
      const verdict = Promise.withResolvers<ProbeVerdict>();
      const port = await start(() => {
        asked.resolve();
        return verdict.promise;
      });
      const answer = probe(port, '/app-probe/1');
      await asked.promise;
      for (let index = 0; index < 300; index++) await occupy(port, addressOf(index));
      verdict.resolve({ problem: undefined, isHook: false });
      expect(await answer).toBe(200);
    },
  );

  it('[sidecar:admin-crowd] drops who asks again and again without waiting for an answer', async () => {
    const port = await start();
    const socket = await occupy(port, '127.0.0.2', 'GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n'.repeat(1000));
    await once(socket.resume(), 'close');
    expect(await probe(port, '/metrics')).toBe(200);
  });

  it('[sidecar:admin-crowd] answers once on a connection, so that who asks on and on waits in line with the probes', async () => {
    const port = await start();
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const seen = new Set<unknown>();
    for (let index = 0; index < 5; index++) {
      await new Promise((resolve) => {
        get({ host: '127.0.0.1', port, path: '/metrics', agent }, (response) => {
          seen.add(response.socket.localPort);
          response.resume().on('end', resolve);
        });
      });
    }
    agent.destroy();
    expect(seen.size).toBe(5);
  });

  it('[sidecar:admin-crowd] ends by itself a connection on which nobody asks', async () => {
    const port = await start();
    const socket = await occupy(port, '127.0.0.2');
    // Node answers 408 first.
    await once(socket.resume(), 'close');
    expect(await held()).toBe(0);
  });
});
