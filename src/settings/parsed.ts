import * as z from 'zod';
import { describeWrongType } from './wrong-type.ts';

/** Tells what is wrong with a value; the parser may go on and tell more. */
export type Refuse = (code: string, message: string, place?: { readonly line: number; readonly column: number }) => void;

/** Tells what is wrong with a field, or with the map itself. */
export type Report = (code: string, message: string, path?: (string | number)[]) => void;

interface CustomIssue {
  readonly code: 'custom';
  readonly message: string;
  readonly path: (string | number)[];
  readonly params: { code: string; line?: number; column?: number };
  readonly [other: string]: unknown;
}

/** Marks a schema whose map may be written as text too (`100/1m`), for the JSON Schema. */
export const SHORTHAND = { hasShorthand: true };

/** An issue of ours, in zod's words. */
export function customIssue(code: string, message: string, path: (string | number)[] = []): CustomIssue {
  return { code: 'custom', message, path, params: { code } };
}

/** A schema from a parser of text; what the parser returns counts only where it refused nothing. */
export function parsed<T>(parse: (text: string, refuse: Refuse) => T, base: z.ZodType<string, string> = z.string()) {
  return base.transform((text, context): T => {
    const value = parse(text, (code, message, place) => {
      context.addIssue({ ...customIssue(code, message), params: { code, ...place } });
    });
    return value;
  });
}

/**
 * A check over several fields of a map. zod skips checks once a field is
 * wrong; this one runs all the same, so that every error is told at once, and
 * has to bear fields that are missing or unsound.
 */
export function acrossFields<S extends z.ZodType>(schema: S, check: (value: Readonly<Record<string, unknown>>, report: Report) => void): S {
  return schema.superRefine(
    (value, context) => {
      check(value as Readonly<Record<string, unknown>>, (code, message, path) => context.addIssue(customIssue(code, message, path)));
    },
    { when: ({ value }) => typeof value === 'object' && value !== null && !Array.isArray(value) },
  ) as S;
}

/** A map with any keys. It becomes a Map, as a plain object would lose a tool that is called `__proto__`. */
export function mapOf<V extends z.ZodType>(key: z.ZodType<string, string>, value: V) {
  return z.preprocess(
    (input) => (typeof input === 'object' && input !== null && !Array.isArray(input) ? new Map(Object.entries(input)) : input),
    z.map(key, value),
  );
}

/**
 * A map with these fields and no others. Its message is the list of the
 * fields; the unknown ones are told one by one (zod-issues.ts). `wanted` says
 * what may stand in place of the map.
 */
export function fields<S extends z.ZodRawShape>(shape: S, wanted?: string) {
  const names = Object.keys(shape);
  return z.strictObject(shape, {
    error: ({ code, input }) => {
      if (code === 'unrecognized_keys') return names.join(', ');
      return code === 'invalid_type' && wanted !== undefined ? describeWrongType(wanted, input) : undefined;
    },
  });
}
