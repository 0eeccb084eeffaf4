import { quote } from '../lib/quote.ts';

function kindOf(value: unknown): string {
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'a map';
  return typeof value === 'string' ? `the text ${quote(value)}` : String(value);
}

/** What was wanted, and what stands there. */
export function describeWrongType(wanted: string, given: unknown): string {
  if (given === undefined) return `has to be given: ${wanted}`;
  return given === null ? `is empty; it has to be ${wanted}` : `has to be ${wanted}, not ${kindOf(given)}`;
}
