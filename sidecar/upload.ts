import { PassThrough, type Readable } from 'node:stream';
import type { Exchange } from './exchange.ts';
import { discardRest } from './linger.ts';

/** So many pieces within a second that hold less than that together are no upload: in buffers a piece of one byte takes hundreds. */
const FLOOD = { pieces: 1024, withinMs: 1_000, belowBytes: 16 * 1024 };

/**
 * A body that passes on as it comes, beginning with what was read of it. Where
 * the client leaves it breaks, so that the upstream never takes a part for the whole;
 * where the upstream wants no more, the client still gets to read the answer.
 */
export function uploadOf(exchange: Exchange, opening: Buffer): Readable {
  const { request, socket } = exchange;
  const upload = new PassThrough();
  upload.write(opening);
  request.pipe(upload);
  cutFlood(exchange);

  // A client may take as long as it likes, as long as something comes.
  let receivedBytes = socket.bytesRead;
  const watch = setInterval(() => {
    if (socket.bytesRead === receivedBytes && !upload.writableNeedDrain && !request.complete) socket.destroy();
    receivedBytes = socket.bytesRead;
  }, exchange.bodyTimeoutMs);
  watch.unref();

  request.once('close', () => {
    clearInterval(watch);
    if (!request.complete) upload.destroy(new Error('the client is gone'));
  });
  upload.on('error', ignore);
  upload.once('close', () => {
    clearInterval(watch);
    request.unpipe(upload);
    discardRest(exchange);
  });
  return upload;
}

function cutFlood({ request, socket }: Exchange): void {
  let window = { pieces: 0, bytes: 0, startMs: performance.now() };
  request.on('data', ({ byteLength }: Buffer) => {
    window.pieces += 1;
    window.bytes += byteLength;
    if (window.pieces < FLOOD.pieces) return;
    const nowMs = performance.now();
    if (window.bytes < FLOOD.belowBytes && nowMs - window.startMs < FLOOD.withinMs) socket.destroy();
    window = { pieces: 0, bytes: 0, startMs: nowMs };
  });
}

function ignore(): void {}
