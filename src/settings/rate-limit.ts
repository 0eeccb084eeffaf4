import * as z from 'zod';
import { quote } from '../lib/quote.ts';
import { bucket, WANTED_LIMIT } from './bucket.ts';
import { methodName, toolName } from './limit-names.ts';
import { acrossFields, customIssue, fields, mapOf, type Report, SHORTHAND } from './parsed.ts';
import type { Bucket, Limit, MethodLimit, RateLimit, ToolLimit } from './settings.ts';

type Fields = Readonly<Record<string, unknown>>;
interface Scopes {
  readonly shared?: Bucket | undefined;
  readonly perClient?: Bucket | undefined;
  readonly perUser?: Bucket | undefined;
}
const SCOPES = ['shared', 'perClient', 'perUser'] as const;
const scopes = { shared: bucket.optional(), perClient: bucket.optional(), perUser: bucket.optional() };
const limitFields = { ...scopes, cost: z.int().min(1).optional().describe('Tokens that one call takes from each of its buckets.') };

function scopesOf({ shared, perClient, perUser }: Scopes): Pick<Limit, 'shared' | 'perClient'> {
  const own = perClient ?? perUser;
  return { ...(shared === undefined ? {} : { shared }), ...(own === undefined ? {} : { perClient: own }) };
}

const givenScopes = (value: Fields) => SCOPES.filter((scope) => Object.hasOwn(value, scope));

function checkWords(value: Fields, report: Report): void {
  if (value['perClient'] === undefined || value['perUser'] === undefined) return;
  report('BOTH_WORDS', 'perUser is the same word as perClient, and both are given; keep one', ['perUser']);
}

/** A call of that cost would wait for a bucket that never holds as much. */
function checkCost(cost: unknown, buckets: Fields, report: Report, path: (string | number)[]): void {
  for (const scope of givenScopes(buckets)) {
    const { maxTokens } = (buckets[scope] ?? {}) as Partial<Bucket>;
    if (typeof cost !== 'number' || typeof maxTokens !== 'number' || cost <= maxTokens) continue;
    report('COST_ABOVE_LIMIT', `a cost of ${cost} is above the ${maxTokens} tokens of ${scope}: no call would ever pass`, path);
  }
}

const NOTHING_LIMITED = 'limits nothing; give shared or perClient, such as {shared: 10/1m}';

function checkMethod(value: Fields, report: Report): void {
  checkWords(value, report);
  checkCost(value['cost'], value, report, ['cost']);
  if (givenScopes(value).length === 0) report('NO_BUCKET', NOTHING_LIMITED);
}

function checkTool(value: Fields, report: Report): void {
  checkWords(value, report);
  checkCost(value['cost'], value, report, ['cost']);
  // A cost alone is the weight of the tool in the buckets of all tools.
  if (givenScopes(value).length === 0 && !Object.hasOwn(value, 'cost')) report('NO_BUCKET', NOTHING_LIMITED);
}

const limitOf = ({ cost = 1, ...scope }: Scopes & { cost?: number | undefined }): Limit => ({ ...scopesOf(scope), cost });
const shorthand = (input: unknown): unknown => (typeof input === 'string' ? { shared: input } : input);
const limit = (check: typeof checkTool) =>
  z
    .preprocess(shorthand, acrossFields(fields(limitFields, WANTED_LIMIT), check))
    .meta(SHORTHAND)
    .transform(limitOf);

/** A tool's limit with the step that leads to it, for the checks against the limits of all tools. */
interface Stepped {
  readonly step: string | number;
  readonly tool: ToolLimit;
}

const toolMap = mapOf(toolName, limit(checkTool)).transform((tools): Stepped[] =>
  [...tools].map(([pattern, held]) => ({ step: pattern, tool: { pattern, ...held } })),
);
const namedTool = acrossFields(fields({ name: toolName, ...limitFields }), checkTool);

/** ToolHive's form, word for word. */
const toolList = z
  .array(namedTool)
  .superRefine(
    (tools, context) => {
      const first = new Map<unknown, number>();
      for (const [index, tool] of tools.entries()) {
        const former = first.get(tool?.name);
        if (typeof tool?.name !== 'string' || former === undefined) first.set(tool?.name, index);
        else
          context.addIssue(
            customIssue('DUPLICATE_TOOL', `${quote(tool.name)} is in the list twice, first as [${former}]; keep one of them`, [
              index,
              'name',
            ]),
          );
      }
    },
    { when: ({ value }) => Array.isArray(value) },
  )
  .transform((tools): Stepped[] => tools.map(({ name, ...held }, step) => ({ step, tool: { pattern: name, ...limitOf(held) } })));

const methodMap = mapOf(methodName, limit(checkMethod)).transform((methods): MethodLimit[] =>
  [...methods].map(([method, held]) => ({ method, ...held })),
);

function checkAll(value: Fields, report: Report): void {
  checkWords(value, report);
  const isEmpty = (field: unknown) => field === undefined || (Array.isArray(field) && field.length === 0);
  if (Object.values(value).every(isEmpty))
    report('NO_BUCKET', 'limits nothing; give shared, perClient, tools or methods, or take the key away');
  // Unsound tools are not in this form; they have been told already.
  const tools = Array.isArray(value['tools']) ? (value['tools'] as (Partial<Stepped> | null)[]) : [];
  for (const each of tools) {
    const { step, tool } = each ?? {};
    if (step === undefined || typeof tool !== 'object' || tool === null) continue;
    checkCost(tool.cost, value, report, ['tools', step, 'cost']);
    const isWeightOfNothing = givenScopes(value).length === 0 && tool.shared === undefined && tool.perClient === undefined;
    if (isWeightOfNothing) report('NO_BUCKET', NOTHING_LIMITED, ['tools', step]);
  }
}

/** The annotation `rate-limit`, and `rateLimit` of a remote entry. */
export const rateLimit = acrossFields(
  fields({
    shared: bucket.optional().describe('Over all calls of tools together.'),
    perClient: bucket.optional().describe('For each client; needs `identity`.'),
    perUser: bucket.optional().describe('The same word as `perClient`.'),
    tools: z.union([toolMap, toolList]).optional().describe('By name or pattern; the exact name first, then the longest pattern.'),
    methods: methodMap.optional().describe('Any request other than tools/call, by method.'),
  }),
  checkAll,
).transform(({ tools = [], methods = [], ...scope }): RateLimit => ({ ...scopesOf(scope), tools: tools.map(({ tool }) => tool), methods }));
