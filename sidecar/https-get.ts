import { readFile } from 'node:fs/promises';
import type { SecureContext } from 'node:tls';
import { type Dispatcher, Pool } from 'undici';
import { onlyTrusting, systemRoots } from './tls-trust.ts';

export interface HttpsGetOptions {
  /** PEM file with the only CA that is trusted; without one, the system's roots. Read anew each time, as it may be replaced. */
  readonly caFile: string | undefined;
  readonly limitBytes: number;
  /** From now until the last byte. */
  readonly deadlineMs: number;
}

const MAX_HEADER_BYTES = 16 * 1024;

/**
 * The body of a 200 over verified TLS; nothing else is followed or taken, redirects
 * least of all. Rejects with an Error whose message is the reason for a person.
 *
 * One connection for one question, as they are minutes apart.
 */
export async function httpsGet(url: string, { caFile, limitBytes, deadlineMs }: HttpsGetOptions): Promise<string> {
  const { origin, protocol, host, pathname, search } = new URL(url);
  if (protocol !== 'https:') throw new Error(`${host} is not asked without TLS`);
  const secureContext = await trust(caFile);
  const pool = new Pool(origin, {
    connections: 1,
    pipelining: 1,
    allowH2: false,
    // Said out loud, because NODE_TLS_REJECT_UNAUTHORIZED=0 would otherwise switch it off.
    connect: { secureContext, rejectUnauthorized: true, timeout: deadlineMs, maxCachedSessions: 0 },
    headersTimeout: 0,
    bodyTimeout: 0,
    maxHeaderSize: MAX_HEADER_BYTES,
  });
  let timer: NodeJS.Timeout | undefined;
  try {
    return await new Promise<string>((resolve, reject) => {
      timer = setTimeout(() => reject(new Error(`${host} did not answer within ${deadlineMs} ms`)), deadlineMs);
      // No coding: what is unpacked could be a thousand times the bound.
      const headers = { accept: 'application/json', 'accept-encoding': 'identity', 'user-agent': 'mcp-sluice' };
      pool.dispatch({ method: 'GET', path: `${pathname}${search}`, headers }, new Reading({ host, limitBytes, resolve, reject }));
    });
  } finally {
    clearTimeout(timer);
    void pool.destroy().catch(ignore);
  }
}

async function trust(caFile: string | undefined): Promise<SecureContext> {
  if (caFile === undefined) return systemRoots();
  let pem: string;
  try {
    pem = await readFile(caFile, 'utf8');
  } catch (error) {
    throw new Error(`its CA cannot be read (${caFile}: ${(error as NodeJS.ErrnoException).code})`, { cause: error });
  }
  return onlyTrusting(pem, `its CA (${caFile})`);
}

interface ReadingDeps {
  readonly host: string;
  readonly limitBytes: number;
  readonly resolve: (text: string) => void;
  readonly reject: (error: Error) => void;
}

/** Undici's handler of one bounded response; the first that settles counts. */
class Reading implements Dispatcher.DispatchHandler {
  readonly #deps: ReadingDeps;
  readonly #chunks: Buffer[] = [];
  #length = 0;

  constructor(deps: ReadingDeps) {
    this.#deps = deps;
  }

  // undici asks for it.
  onRequestStart(): void {}

  onResponseStart(controller: Dispatcher.DispatchController, status: number): void {
    if (status < 200 || status === 200) return;
    this.#giveUp(controller, `answered with status ${status}`);
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#length += chunk.byteLength;
    if (this.#length > this.#deps.limitBytes) this.#giveUp(controller, `sent more than ${this.#deps.limitBytes / 1024} KiB`);
    else this.#chunks.push(chunk);
  }

  onResponseEnd(): void {
    this.#deps.resolve(Buffer.concat(this.#chunks).toString('utf8'));
  }

  onResponseError(_controller: Dispatcher.DispatchController | undefined, error: NodeJS.ErrnoException): void {
    const cause = error instanceof AggregateError ? (error.errors[0] as NodeJS.ErrnoException | undefined) : undefined;
    this.#deps.reject(new Error(`${this.#deps.host}: ${error.code ?? cause?.code ?? error.message}`, { cause: error }));
  }

  #giveUp(controller: Dispatcher.DispatchController, what: string): void {
    const error = new Error(`${this.#deps.host} ${what}`);
    this.#deps.reject(error);
    controller.abort(error);
  }
}

function ignore(): void {}
