import type { IncomingMessage } from 'node:http';

/**
 * An apiserver takes objects up to 3 MiB from clients, and a review carries the new and the old one, both with defaults
 * filled in; etcd stores 1.5 MiB.
 */
export const MAX_BODY_BYTES = 8 * 1024 * 1024;
/** Bodies held at once, for a heap of 160 MiB; a parsed body is some three times its text. */
const MAX_BUFFERED_BYTES = 24 * 1024 * 1024;

/**
 * What a body may hold of `{`, `[` and `,`, and all that are held together: nothing else grows when it is parsed, and 8 MiB
 * of `{},` would be more than the heap.
 */
const MAX_PARTS = 1_000_000;
const MAX_HELD_PARTS = 1_500_000;

export type BodyRead = { readonly body: Uint8Array } | { readonly status: 400 | 413 | 503; readonly message: string };

/** Reads bodies one by one within a bound, and all together within another: whoever is in the cluster can call us. */
export function createBodyReader({ maxBytes = MAX_BODY_BYTES, maxBufferedBytes = MAX_BUFFERED_BYTES } = {}) {
  let bufferedBytes = 0;
  let heldParts = 0;

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
    const body = Buffer.concat(chunks);
    const parts = refusal === undefined ? countParts(body) : 0;
    heldParts += parts;
    try {
      if (refusal !== undefined) await use(refusal);
      else if (parts > MAX_PARTS) await use({ status: 413, message: `the review has more than ${MAX_PARTS} parts` });
      else if (heldParts > MAX_HELD_PARTS) await use({ status: 503, message: 'too many reviews at once' });
      else await use({ body });
    } finally {
      bufferedBytes -= sizeBytes;
      heldParts -= parts;
    }
  };
}

function countParts(body: Uint8Array): number {
  let parts = 0;
  for (const byte of body) if (byte === 0x2c || byte === 0x5b || byte === 0x7b) parts++;
  return parts;
}

function tooLarge(maxBytes: number) {
  return { status: 413, message: `the review is larger than ${maxBytes} bytes` } as const;
}
