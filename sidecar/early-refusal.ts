import { STATUS_CODES } from 'node:http';
import { refuse } from '../src/mcp/ladder.ts';
import type { Refusal } from '../src/mcp/message.ts';
import { refusalBody, refusalHeaders } from '../src/mcp/reply.ts';
import { bounds } from './refusals.ts';

/** What is refused before there is a request to refuse. */
export type EarlyRefusal = 'syntax' | 'header-overflow' | 'timeout' | 'tunnel' | 'expectation' | 'pipeline' | 'crowd';

const refusals: Readonly<Record<EarlyRefusal, Refusal>> = {
  syntax: bounds('bounds:http-syntax', 400, 'This is not a sound HTTP/1.1 request.'),
  'header-overflow': bounds('bounds:header-overflow', 431, 'The headers exceed 32 KiB.'),
  timeout: refuse('body-timeout', { era: 'legacy' }),
  tunnel: bounds('bounds:tunnel', 405, 'CONNECT is not offered here.'),
  // Nobody reads it: of what is before it nothing was answered yet.
  pipeline: bounds('bounds:pipeline', 429, 'More than 100 requests wait on this connection.'),
  crowd: {
    ...bounds('bounds:in-flight', 503, 'Too many requests are being answered at once. Try again later.'),
    headers: { 'Retry-After': '1' },
  },
  expectation: bounds('bounds:expectation', 417, 'The only expectation understood is "100-continue".'),
};

export interface RenderedRefusal {
  readonly rung: string;
  readonly status: number;
  readonly reason: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export function renderEarlyRefusal(refusal: EarlyRefusal): RenderedRefusal {
  return renderRefusal(refusals[refusal]);
}

/** A refusal as it goes over the wire. */
export function renderRefusal(refusal: Refusal): RenderedRefusal {
  const body = refusalBody(refusal);
  return {
    rung: refusal.rung,
    status: refusal.status,
    reason: STATUS_CODES[refusal.status] ?? '',
    headers: { ...refusalHeaders(refusal), 'content-length': String(Buffer.byteLength(body)) },
    body,
  };
}
