import type { Readable } from 'node:stream';
import type { JudgeStart } from '../src/mcp/classify.ts';
import type { Exchange } from './exchange.ts';
import { HeldBytes } from './held-bytes.ts';
import { uploadOf } from './upload.ts';

/** `gone`: the client left before its body was whole. */
export type ReadBody =
  | { readonly ok: true; readonly body: Buffer }
  /** Opaque, whatever follows: to be passed on as it comes. */
  | { readonly ok: true; readonly upload: Readable; readonly lengthBytes: string | undefined }
  | { readonly ok: false; readonly reason: 'too-large' | 'no-room' | 'timeout' | 'gone' };

export interface BodyBounds {
  readonly limitBytes: number;
  /** Absent where the body must be read whole, however it begins. */
  readonly judgeStart: JudgeStart | undefined;
}

const empty: ReadBody = { ok: true, body: Buffer.alloc(0) };

/** White space beyond that is no beginning: the body is read like any other. Small, as it is judged anew with each piece. */
const START_LIMIT_BYTES = 1024;

/**
 * Reads the whole body, as long as it stays within its own bound, within what is
 * left for all, and within its time; or as much as tells that it need not be read.
 */
export async function readBody(exchange: Exchange, { limitBytes, judgeStart }: BodyBounds): Promise<ReadBody> {
  const { request } = exchange;
  const { 'content-length': declared, 'transfer-encoding': coding } = request.headers;
  if (coding === undefined && (declared === undefined || Number(declared) === 0)) return empty;
  if (judgeStart === undefined && Number(declared) > limitBytes) return { ok: false, reason: 'too-large' };
  if (exchange.isContinueAwaited) exchange.response.writeContinue();

  return new Promise((resolve) => {
    const held = new HeldBytes();
    let isStart = judgeStart !== undefined;
    const settle = (outcome: ReadBody): void => {
      clearTimeout(deadline);
      request.off('data', onData).off('end', onEnd).off('close', onClose);
      if (!outcome.ok) exchange.letGo();
      resolve(outcome);
    };
    const onData = (chunk: Buffer): void => {
      held.add(chunk);
      if (!exchange.hold(chunk.byteLength)) settle({ ok: false, reason: exchange.isGone ? 'gone' : 'no-room' });
      else if (isStart && isOpaque()) {
        settle({ ok: true, upload: uploadOf(exchange, held.bytes), lengthBytes: declared });
        exchange.letGo();
      } else if (held.length > limitBytes || (!isStart && Number(declared) > limitBytes)) settle({ ok: false, reason: 'too-large' });
    };
    const isOpaque = (): boolean => {
      const verdict = judgeStart?.(held.bytes);
      isStart = verdict === 'undecided' && held.length <= START_LIMIT_BYTES;
      return verdict === 'opaque';
    };
    const onEnd = (): void => settle({ ok: true, body: held.bytes });
    const onClose = (): void => settle({ ok: false, reason: 'gone' });
    const deadline = setTimeout(() => settle({ ok: false, reason: 'timeout' }), exchange.bodyTimeoutMs);
    // An error is followed by `close`; without a listener it would end the process.
    request.on('data', onData).on('end', onEnd).on('close', onClose).on('error', ignore);
  });
}

function ignore(): void {}
