import * as z from 'zod';
import { hasControlCharacter } from '../lib/names.ts';
import { listOf, quote } from '../lib/quote.ts';
import { parseDuration } from '../lib/units.ts';
import { caReference } from './ca-reference.ts';
import { httpsUrl } from './https-url.ts';
import { fields, parsed } from './parsed.ts';
import type { JwtIdentity } from './settings.ts';

/** RFC 7518 §3.1 and RFC 8037 without what is symmetric: with such a key whoever can verify can also sign. */
const ALGORITHMS = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519'];
const DEFAULT_SKEW_MS = 30_000;
const LONGEST_SKEW_MS = 10 * 60_000;
const LONGEST_AUDIENCE_CHARACTERS = 512;

const algorithm = parsed((text, refuse) => {
  if (text === 'none') refuse('BAD_ALGORITHM', '"none" is no signature: anybody could be anybody; it is never accepted');
  else if (/^HS\d+$/.test(text)) {
    refuse('BAD_ALGORITHM', `${quote(text)} is symmetric: whoever can verify could also sign; have the issuer sign with ES256 or RS256`);
  } else if (!ALGORITHMS.includes(text)) refuse('BAD_ALGORITHM', `${quote(text)} is none of ${listOf(ALGORITHMS)}`);
  return text;
});

const skew = parsed((text, refuse) => {
  const skewMs = parseDuration(text);
  if (skewMs === undefined) refuse('BAD_PERIOD', `${quote(text)} is no duration; write a number and a unit, such as 0s, 30s or 2m`);
  else if (skewMs > LONGEST_SKEW_MS) refuse('OUT_OF_RANGE', `${quote(text)} is above 10m`);
  return skewMs ?? 0;
});

const audience = parsed((text, refuse) => {
  if (text === '') refuse('BAD_AUDIENCE', 'is empty; write the aud that the issuer puts into tokens for this server, often its URL');
  else if (text.length > LONGEST_AUDIENCE_CHARACTERS || hasControlCharacter(text)) {
    refuse('BAD_AUDIENCE', `is no audience: at most ${LONGEST_AUDIENCE_CHARACTERS} characters, none of them a control character`);
  }
  return text;
});

const written = fields({
  issuer: httpsUrl.describe('`iss`, an https URL, to the letter.'),
  audience: audience.describe('`aud`, or one of them.'),
  jwksUri: httpsUrl.optional().describe('Where the keys are; by default from the issuer’s metadata (OpenID Connect Discovery, RFC 8414).'),
  ca: caReference
    .optional()
    .describe('`configmap[:key]` with the only CA that the issuer’s certificate is verified against; system roots.'),
  required: z.boolean().optional().describe('401 without a token, at MCP paths; false.'),
  algorithms: z
    .array(algorithm)
    .min(1)
    .optional()
    .describe(`Of ${listOf(ALGORITHMS)}; all of them.`),
  clockSkew: skew.optional().describe('By how much clocks may differ, at most 10m; 30s.'),
  resourceMetadata: httpsUrl
    .optional()
    .describe('Told to clients in a 401 (RFC 9728 §5.1), where the server’s own is not found by its path.'),
});

/** `jwt` of the annotation `identity`. */
export const jwt = written.transform(
  ({ required, algorithms, clockSkew, jwksUri, ca, resourceMetadata, ...named }): JwtIdentity => ({
    ...named,
    ...(jwksUri === undefined ? {} : { jwksUri }),
    ...(ca === undefined ? {} : { ca }),
    ...(resourceMetadata === undefined ? {} : { resourceMetadata }),
    isRequired: required ?? false,
    algorithms: algorithms ?? ALGORITHMS,
    clockSkewMs: clockSkew ?? DEFAULT_SKEW_MS,
  }),
);
