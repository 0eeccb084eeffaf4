import { connect, createServer, type Socket } from 'node:net';

export interface SlowProxy {
  readonly url: string;
  /** By how much an answer is late; holds for those that come from now on. */
  delayMs: number;
  close(): Promise<void>;
}

/** Stands before a Redis and lets its answers wait. */
export async function startSlowProxy(port: number): Promise<SlowProxy> {
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    const upstream = connect({ port, host: '127.0.0.1' });
    for (const [socket, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(socket);
      socket
        .on('error', () => undefined)
        .on('close', () => {
          sockets.delete(socket);
          other.destroy();
        });
    }
    client.on('data', (chunk) => upstream.write(chunk));
    // One after the other: no answer overtakes another when the delay ends.
    let last: Promise<unknown> = Promise.resolve();
    upstream.on('data', (chunk) => {
      const waited = proxy.delayMs === 0 ? undefined : new Promise((resolve) => setTimeout(resolve, proxy.delayMs));
      last = Promise.all([last, waited]).then(() => client.writable && client.write(chunk));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const proxy: SlowProxy = {
    url: `redis://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`,
    delayMs: 0,
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return proxy;
}
