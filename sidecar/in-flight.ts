import type { Socket } from 'node:net';
import type { Exchange } from './exchange.ts';

/** What is being answered at this moment. */
export class InFlight {
  #count = 0;
  readonly #bySocket = new WeakMap<Socket, Set<Exchange>>();

  get count(): number {
    return this.#count;
  }

  /** Of one connection. */
  on(socket: Socket): number {
    return this.#bySocket.get(socket)?.size ?? 0;
  }

  enter(exchange: Exchange): void {
    this.#count += 1;
    const { socket } = exchange;
    const exchanges = this.#bySocket.get(socket);
    if (exchanges === undefined) this.#bySocket.set(socket, new Set([exchange]));
    else exchanges.add(exchange);
  }

  leave(exchange: Exchange): void {
    this.#count -= 1;
    this.#bySocket.get(exchange.socket)?.delete(exchange);
  }

  /**
   * Whether a response written past Node's own would be read as the answer to what
   * was wrong: nothing else is owed on this connection, or only to the request
   * whose body went wrong.
   */
  mayAnswerRaw(socket: Socket): boolean {
    const exchanges = [...(this.#bySocket.get(socket) ?? [])];
    return (
      exchanges.length === 0 ||
      (exchanges.length === 1 && exchanges.every(({ request, response }) => !request.complete && !response.headersSent))
    );
  }
}
