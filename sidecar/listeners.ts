import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Address } from './option-values.ts';

const RETRY_MS = 1_000;

export interface Held {
  readonly address: Address;
  /** The port in use, once the address is held. */
  readonly port?: number;
  /** Why it is not held. */
  readonly error?: string;
}

/**
 * Holds addresses for as long as the process lives. One that somebody else has is
 * asked for again every second: in a pod that somebody is the app itself, and its
 * traffic goes past us until it lets go.
 */
export class Listeners {
  readonly #entries: { readonly address: Address; readonly server: Server; port?: number; error?: string }[] = [];
  readonly #onChange: (held: readonly Held[]) => void;
  #retry: NodeJS.Timeout | undefined;
  #isClosed = false;

  constructor(onChange: (held: readonly Held[]) => void) {
    this.#onChange = onChange;
  }

  get held(): readonly Held[] {
    return this.#entries.map(({ address, port, error }) => ({
      address,
      ...(port !== undefined && { port }),
      ...(error !== undefined && { error }),
    }));
  }

  get areAllHeld(): boolean {
    return this.#entries.every(({ port }) => port !== undefined);
  }

  add(address: Address, server: Server): void {
    this.#entries.push({ address, server });
  }

  /** Resolves once each address was tried. */
  async open(): Promise<void> {
    clearTimeout(this.#retry);
    for (const entry of this.#entries) {
      if (entry.port !== undefined || this.#isClosed) continue;
      const error = await listen(entry.server, entry.address);
      if (error === undefined) {
        entry.port = (entry.server.address() as AddressInfo).port;
        delete entry.error;
      } else entry.error = error;
    }
    if (this.#isClosed) return;
    this.#onChange(this.held);
    if (!this.areAllHeld) this.#retry = setTimeout(() => void this.open(), RETRY_MS);
  }

  /** Accepts no more connections; those that carry a request go on. */
  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#retry);
    for (const { server } of this.#entries) {
      server.close();
      server.closeIdleConnections();
    }
  }

  /** Cuts what is left. */
  destroy(): void {
    for (const { server } of this.#entries) server.closeAllConnections();
  }
}

/** Without a host Node takes `::` for both families, and `0.0.0.0` where there is no IPv6. */
function listen(server: Server, { host, port }: Address): Promise<string | undefined> {
  return new Promise((resolve) => {
    const onError = (error: NodeJS.ErrnoException): void => {
      server.off('listening', onListening);
      resolve(error.code === 'EADDRINUSE' ? 'held by another process' : error.message);
    };
    const onListening = (): void => {
      server.off('error', onError);
      resolve(undefined);
    };
    server.once('error', onError).once('listening', onListening);
    server.listen(host === undefined ? { port } : { host, port });
  });
}

/** As a person writes it. */
export function renderAddress({ host, port }: Address): string {
  if (host === undefined) return `*:${port}`;
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}
