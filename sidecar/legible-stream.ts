import { headerValue } from './headers.ts';

/** Whether a response is a stream of events that can be read: neither compressed nor of a length that was told. */
export function isLegibleStream(status: number, headers: readonly string[]): boolean {
  if (status !== 200 || !/^text\/event-stream\s*(?:;|$)/i.test(headerValue(headers, 'content-type')?.trim() ?? '')) return false;
  const coding = headerValue(headers, 'content-encoding') ?? 'identity';
  return coding.trim().toLowerCase() === 'identity' && headerValue(headers, 'content-length') === undefined;
}
