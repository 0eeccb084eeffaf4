import { connect } from 'node:net';

const PROBE_EVERY_MS = 1_000;
const PROBE_TIMEOUT_MS = 1_000;

/** Asks again and again whether one of the upstream's origins accepts a TCP connection. */
export class UpstreamProbe {
  readonly #targets: readonly { readonly host: string; readonly port: number }[];
  #isAccepting = false;
  #timer: NodeJS.Timeout | undefined;
  #isStopped = false;

  constructor(origins: readonly string[]) {
    this.#targets = origins.map((origin) => {
      const url = new URL(origin);
      return { host: url.hostname.replace(/^\[(.*)\]$/, '$1'), port: url.port === '' ? 80 : Number(url.port) };
    });
  }

  get isAccepting(): boolean {
    return this.#isAccepting;
  }

  async start(): Promise<void> {
    this.#isAccepting = await this.#anyAccepts();
    if (!this.#isStopped) this.#timer = setTimeout(() => void this.start(), PROBE_EVERY_MS);
  }

  stop(): void {
    this.#isStopped = true;
    clearTimeout(this.#timer);
  }

  async #anyAccepts(): Promise<boolean> {
    for (const target of this.#targets) {
      if (await accepts(target)) return true;
    }
    return false;
  }
}

function accepts(target: { readonly host: string; readonly port: number }): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(target);
    const settle = (answer: boolean): void => {
      socket.destroy();
      resolve(answer);
    };
    socket.setTimeout(PROBE_TIMEOUT_MS, () => settle(false));
    socket.once('connect', () => settle(true)).once('error', () => settle(false));
  });
}
