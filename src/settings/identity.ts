import * as z from 'zod';
import { isCidr } from '../lib/address.ts';
import { hopByHopHeaders } from '../lib/hop-by-hop.ts';
import { isHeaderName } from '../lib/names.ts';
import { quote } from '../lib/quote.ts';
import { jwt } from './jwt.ts';
import { acrossFields, fields, parsed } from './parsed.ts';

/**
 * Headers that cannot say who calls: those of one hop (RFC 9110 §7.6.1), those
 * that frame or address the message, credentials (they would reach logs and
 * Redis as names), MCP's own, and those that this proxy writes.
 */
const FORBIDDEN_HEADERS: ReadonlySet<string> = new Set([
  ...hopByHopHeaders,
  'host',
  'content-length',
  'content-type',
  'content-encoding',
  'date',
  'expect',
  'origin',
  'authorization',
  'www-authenticate',
  'cookie',
  'set-cookie',
  'accept',
  'accept-encoding',
  'last-event-id',
  'retry-after',
  'ratelimit',
  'ratelimit-policy',
]);

const headerName = parsed((text, refuse) => {
  const name = text.toLowerCase();
  if (!isHeaderName(text)) refuse('BAD_HEADER', `${quote(text)} is no name of a header (RFC 9110: letters, digits and !#$%&'*+-.^_\`|~)`);
  else if (FORBIDDEN_HEADERS.has(name) || name.startsWith('mcp-')) {
    refuse('BAD_HEADER', `${quote(text)} has a meaning of its own and cannot name the client; use a header such as X-Forwarded-User`);
  }
  return name;
});

const cidr = parsed((text, refuse) => {
  if (!isCidr(text)) refuse('BAD_CIDR', `${quote(text)} is no address range; write it such as 10.0.0.0/8, fd00::/8 or 192.0.2.7`);
  return text;
});

const header = fields({
  name: headerName.describe('The header whose value is the client.'),
  from: z.array(cidr).min(1).describe('Peers that it is believed from; from any other it is stripped.'),
});

/** The annotation `identity`: exactly one way to know who calls. */
export const identity = acrossFields(fields({ jwt: jwt.optional(), header: header.optional() }), (value, report) => {
  const ways = ['jwt', 'header'].filter((way) => Object.hasOwn(value, way));
  if (ways.length === 2) report('TWO_IDENTITIES', 'jwt and header are both given; keep one of them');
  if (ways.length === 0)
    report('NO_IDENTITY', 'says not who calls; give jwt: {issuer, audience} or header: {name, from}, or take the key away');
});
