import * as z from 'zod';
import { hasControlCharacter, isDnsLabel, isHeaderName } from '../lib/names.ts';
import { quote } from '../lib/quote.ts';
import { checkConfigKey, checkConfigMapName } from './ca-reference.ts';
import { checkHttpUrl } from './https-url.ts';
import { acrossFields, customIssue, fields, parsed } from './parsed.ts';
import { rateLimit } from './rate-limit.ts';
import { redisSecret } from './redis.ts';

const entryName = parsed((text, refuse) => {
  if (!isDnsLabel(text)) refuse('BAD_NAME', `${quote(text)} is no name of an entry (lower-case letters, digits and "-", at most 63)`);
  return text;
});
const url = parsed((text, refuse) => {
  checkHttpUrl(text, refuse);
  return text;
});
const configMap = parsed((text, refuse) => {
  checkConfigMapName(text, refuse);
  return text;
});
const configKey = parsed((text, refuse) => {
  checkConfigKey(text, refuse);
  return text;
});
/** Contract §9.13: a hand-run sidecar reads its bundle from a file. */
const caFile = parsed((text, refuse) => {
  const isSound = text.startsWith('/') && !text.split('/').includes('..') && !hasControlCharacter(text);
  if (!isSound) refuse('BAD_PATH', `${quote(text)} is no absolute path without ".." and control characters`);
  return text;
});
const headerName = parsed((text, refuse) => {
  if (!isHeaderName(text)) refuse('BAD_HEADER', `${quote(text)} is no name of a header`);
  return text;
});

const caBundle = acrossFields(
  fields({ configMap: configMap.optional(), key: configKey.optional(), caFile: caFile.optional(), exclusive: z.boolean().optional() }),
  (value, report) => {
    const isBoth = Object.hasOwn(value, 'configMap') === Object.hasOwn(value, 'caFile');
    if (isBoth) report('BAD_CA', 'names its CA by exactly one of configMap and caFile');
    if (Object.hasOwn(value, 'caFile') && Object.hasOwn(value, 'key')) report('BAD_CA', 'key belongs to configMap, not to caFile', ['key']);
  },
);

const entry = acrossFields(
  fields({
    name: entryName,
    url,
    transport: z.enum(['streamable-http', 'sse']).optional(),
    caBundle: caBundle.optional(),
    allowPrivate: z.boolean().optional(),
    allowInsecure: z.boolean().optional(),
    headers: z.array(fields({ name: headerName, secret: redisSecret, key: configKey })).optional(),
    rateLimit: rateLimit.optional(),
  }),
  (value, report) => {
    const isPlain = typeof value['url'] === 'string' && value['url'].startsWith('http://');
    if (isPlain && value['allowInsecure'] !== true)
      report('INSECURE_URL', 'is not encrypted; write https://, or allowInsecure: true beside it', ['url']);
  },
);

/** The annotation `remote-entries`, checked though not in effect yet. */
export const remoteEntries = z
  .array(entry)
  .min(1)
  .superRefine(
    (entries, context) => {
      const first = new Map<string, number>();
      for (const [index, given] of entries.entries()) {
        if (typeof given?.name !== 'string') continue;
        const former = first.get(given.name);
        if (former === undefined) first.set(given.name, index);
        else
          context.addIssue(
            customIssue('DUPLICATE_ENTRY', `${quote(given.name)} is the name of entry [${former}] too; give each its own`, [index, 'name']),
          );
      }
    },
    { when: ({ value }) => Array.isArray(value) },
  );
