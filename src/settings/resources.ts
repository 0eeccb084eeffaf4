import * as z from 'zod';
import { quote } from '../lib/quote.ts';
import { parseQuantity } from '../lib/units.ts';
import { acrossFields, fields, parsed } from './parsed.ts';

const quantity = z.preprocess(
  // `cpu: 1` is a number in YAML.
  (input) => (typeof input === 'number' ? String(input) : input),
  parsed((text, refuse) => {
    const size = parseQuantity(text);
    if (size === undefined) refuse('BAD_QUANTITY', `${quote(text)} is no quantity of Kubernetes; write it such as 50m, 0.1 or 96Mi`);
    else if (size <= 0) refuse('OUT_OF_RANGE', `${quote(text)} is not above zero`);
    return text;
  }),
);
const amounts = fields({ cpu: quantity.optional(), memory: quantity.optional(), 'ephemeral-storage': quantity.optional() });

type Amounts = Readonly<Record<string, string>>;
interface Resources {
  readonly requests: Amounts;
  readonly limits: Amounts;
}

export const DEFAULT_RESOURCES: Resources = { requests: { cpu: '50m', memory: '96Mi' }, limits: { memory: '256Mi' } };

const sizeOf = (amount: unknown): number => (typeof amount === 'string' ? (parseQuantity(amount) ?? Number.NaN) : Number.NaN);
const isAbove = (left: unknown, right: unknown): boolean => sizeOf(left) > sizeOf(right);

/** The defaults under what is given; where only one side is given, the default of the other gives way, as Kubernetes denies a request above its limit. */
function withDefaults(requests: Amounts, limits: Amounts): Resources {
  const merged = { requests: { ...DEFAULT_RESOURCES.requests, ...requests }, limits: { ...DEFAULT_RESOURCES.limits, ...limits } };
  for (const [resource, limit] of Object.entries(merged.limits)) {
    const request = (merged.requests as Amounts)[resource];
    if (request === undefined || !isAbove(request, limit)) continue;
    if (Object.hasOwn(requests, resource)) Object.assign(merged.limits, { [resource]: request });
    else Object.assign(merged.requests, { [resource]: limit });
  }
  return merged;
}

/** The annotation `sidecar-resources`. */
export const sidecarResources = acrossFields(fields({ requests: amounts.optional(), limits: amounts.optional() }), (value, report) => {
  const requests = (value['requests'] ?? {}) as Amounts;
  const limits = (value['limits'] ?? {}) as Amounts;
  for (const [resource, request] of Object.entries(requests)) {
    const limit = limits[resource];
    if (isAbove(request, limit)) report('REQUEST_ABOVE_LIMIT', `${request} is above the limit of ${limit}`, ['requests', resource]);
  }
}).transform(({ requests = {}, limits = {} }): Resources => withDefaults(requests as Amounts, limits as Amounts));
