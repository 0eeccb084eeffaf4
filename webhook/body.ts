import type { IncomingMessage } from 'node:http';

/**
 * An apiserver takes objects up to 3 MiB from clients, and a review carries the new and the old one, both with defaults
 * filled in; etcd stores 1.5 MiB.
 */
export const MAX_BODY_BYTES = 8 * 1024 * 1024;
/** Bodies held at once, for a heap of 160 MiB; a parsed body is some three times its text. */
const MAX_BUFFERED_BYTES = 24 * 1024 * 1024;

export type BodyRead = { readonly body: Uint8Array } | { readonly status: 400 | 413 | 503; readonly message: string };

/** Reads bodies one by one within a bound, and all together within another: whoever is in the cluster can call us. */
export function createBodyReader({ maxBytes = MAX_BODY_BYTES, maxBufferedBytes = MAX_BUFFERED_BYTES } = {}) {
  let bufferedBytes = 0;

  /** `use` is called with the body, which counts as held until it has settled. */
  return async function withBody(request: IncomingMessage, use: (read: BodyRead) => Promise<void>): Promise<void> {
    let sizeBytes = 0;
    const chunks: Buffer[] = [];
    const refusal = await new Promise<Exclude<BodyRead, { body: Uint8Array }> | undefined>((resolve) => {
      if (Number(request.headers['content-length'] ?? 0) > maxBytes) return resolve(tooLarge(maxBytes));
      request.on('data', (chunk: Buffer) => {
        if (sizeBytes + chunk.length > maxBytes) return resolve(tooLarge(maxBytes));
        if (bufferedBytes + chunk.length > maxBufferedBytes) return resolve({ status: 503, message: 'too many reviews at once' });
        sizeBytes += chunk.length;
        bufferedBytes += chunk.length;
        chunks.push(chunk);
      });
      request.on('end', () => resolve(undefined));
      request.on('close', () => resolve({ status: 400, message: 'the body broke off' }));
    });
    // Whatever still comes is thrown away.
    request.removeAllListeners('data').resume();
    try {
      await use(refusal ?? { body: Buffer.concat(chunks) });
    } finally {
      bufferedBytes -= sizeBytes;
    }
  };
}

function tooLarge(maxBytes: number) {
  return { status: 413, message: `the review is larger than ${maxBytes} bytes` } as const;
}
