import type { Server } from 'node:http';
import type { Socket } from 'node:net';

/** A kubelet has a handful at once (three probes, those of the app, a hook), a scraper one. */
const MOST_CONNECTIONS = 64;
/** More from one address than any kubelet or scraper has. */
const SHARE_OF_ADDRESS = 16;

interface Caller {
  readonly address: string;
  /** Has asked, and waits for the answer. */
  isAsking: boolean;
}

/**
 * Bounds the connections of a server whose callers must get through while others only occupy it. A newcomer is always
 * let in, since it may be the kubelet's next probe, and another goes: of an address that has more than its share, else of
 * all; there the oldest that asks for nothing, else the oldest. So a crowd crowds itself out.
 */
export function boundConnections(server: Server): void {
  // In the order in which they came.
  const callers = new Map<Socket, Caller>();

  server.on('connection', (socket) => {
    // Gone before we looked.
    if (socket.remoteAddress === undefined) return void socket.destroy();
    if (callers.size >= MOST_CONNECTIONS) leave(nextToGo());
    callers.set(socket, { address: socket.remoteAddress, isAsking: false });
    socket.once('close', () => callers.delete(socket));
  });

  server.on('request', ({ socket }, response) => {
    const caller = callers.get(socket);
    // Nobody whom we expect asks a second time before the answer, and answers to thousands at once would pile up.
    if (caller === undefined || caller.isAsking) return void socket.destroy();
    caller.isAsking = true;
    response.once('close', () => {
      caller.isAsking = false;
    });
  });

  function leave(socket: Socket | undefined): void {
    // Counted out now: its `close` comes later.
    if (socket !== undefined) callers.delete(socket);
    socket?.destroy();
  }

  function nextToGo(): Socket | undefined {
    const all = [...callers];
    const counts = new Map<string, number>();
    for (const [, { address }] of all) counts.set(address, (counts.get(address) ?? 0) + 1);
    const greedy = all.filter(([, { address }]) => (counts.get(address) ?? 0) > SHARE_OF_ADDRESS);
    const among = greedy.length > 0 ? greedy : all;
    return (among.find(([, { isAsking }]) => !isAsking) ?? among[0])?.[0];
  }
}
