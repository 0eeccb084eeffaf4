import * as z from 'zod';
import { hopByHopHeaders } from '../lib/hop-by-hop.ts';
import { isHeaderName } from '../lib/names.ts';
import { quote } from '../lib/quote.ts';
import { checkConfigKey } from './ca-reference.ts';
import { customIssue, fields, parsed } from './parsed.ts';
import { redisSecret } from './redis.ts';
import type { EntryHeader } from './settings.ts';

const MOST_HEADERS = 16;

/** What frames, addresses or negotiates the message: a value from a Secret there would break it, or smuggle another (RFC 9112 §6). */
const FORBIDDEN: ReadonlySet<string> = new Set([
  ...hopByHopHeaders,
  'host',
  'content-length',
  'content-type',
  'content-encoding',
  'expect',
  'accept',
  'accept-encoding',
  'last-event-id',
  'date',
  'via',
]);

const headerName = parsed((text, refuse) => {
  // Under its alias too (RFC 3875 §4.1.18): `Transfer_Encoding` frames a body for lenient servers.
  const name = text.toLowerCase().replaceAll('_', '-');
  if (!isHeaderName(text)) refuse('BAD_HEADER', `${quote(text)} is no name of a header`);
  else if (FORBIDDEN.has(name) || name.startsWith('mcp-')) {
    refuse(
      'BAD_HEADER',
      `${quote(text)} is written by the protocol itself and cannot be set; headers such as Authorization or X-Api-Key can`,
    );
  }
  return text;
});

const secretKey = parsed((text, refuse) => {
  checkConfigKey(text, refuse);
  return text;
});

function checkNames(headers: readonly unknown[], report: (index: number, message: string) => void): void {
  const first = new Map<string, number>();
  for (const [index, given] of headers.entries()) {
    const name = (given as Partial<EntryHeader> | null | undefined)?.name;
    if (typeof name !== 'string') continue;
    const former = first.get(name.toLowerCase());
    if (former === undefined) first.set(name.toLowerCase(), index);
    else report(index, `${quote(name)} is the header of [${former}] already; keep one of them`);
  }
}

/** `headers` of a remote entry: their values come from Secrets, as an annotation is no place for one. */
export const entryHeaders = z
  .array(fields({ name: headerName, secret: redisSecret, key: secretKey }))
  .max(MOST_HEADERS)
  .superRefine(
    (headers, context) =>
      checkNames(headers, (index, message) => context.addIssue(customIssue('DUPLICATE_HEADER', message, [index, 'name']))),
    { when: ({ value }) => Array.isArray(value) },
  );
