import { readFileSync } from 'node:fs';

interface Schema {
  readonly $ref?: string;
  readonly type?: string;
  readonly format?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly additionalProperties?: Schema;
  readonly 'x-kubernetes-group-version-kind'?: readonly { readonly group: string; readonly version: string; readonly kind: string }[];
}

const { release, definitions } = JSON.parse(readFileSync(new URL('../schemas/kubernetes.json', import.meta.url), 'utf8')) as {
  release: string;
  definitions: Readonly<Record<string, Schema>>;
};

/** Whose schemas they are. */
export const SCHEMA_RELEASE: string = release;

const byKind = new Map(
  Object.entries(definitions).flatMap(([name, schema]) =>
    (schema['x-kubernetes-group-version-kind'] ?? []).map(({ group, version, kind }): [string, string] => [
      `${group === '' ? '' : `${group}/`}${version} ${kind}`,
      name,
    ]),
  ),
);

/**
 * All that an apiserver with strict field validation would say of an object's form: fields that it does not know, lacks,
 * or wants of another type. Null stands for absent, as it does there.
 */
export function faultsOf(object: unknown): string[] {
  const { apiVersion, kind } = (object ?? {}) as { apiVersion?: string; kind?: string };
  const name = byKind.get(`${apiVersion} ${kind}`);
  return name === undefined
    ? [`${apiVersion} ${kind} is no kind of ${release}`]
    : check(object, { $ref: `#/definitions/${name}` }, kind ?? '');
}

function check(value: unknown, schema: Schema, at: string): string[] {
  if (value === null || value === undefined) return [];
  const { $ref, ...own } = schema;
  if ($ref !== undefined) return check(value, definitions[$ref.replace('#/definitions/', '')] ?? {}, at);
  const { type, format, properties, required = [], items, additionalProperties } = own;
  if (type === undefined) return [];
  if (type === 'array') {
    if (!Array.isArray(value)) return [`${at} is no list`];
    return value.flatMap((each, index) => check(each, items ?? {}, `${at}[${index}]`));
  }
  if (type !== 'object') return isOf(value, type, format) ? [] : [`${at} is no ${format ?? type}`];
  if (typeof value !== 'object' || Array.isArray(value)) return [`${at} is no map`];
  const missing = required.filter((key) => (value as Record<string, unknown>)[key] == null).map((key) => `${at}.${key} is missing`);
  const inside = Object.entries(value).flatMap(([key, each]) => {
    const known = properties !== undefined && Object.hasOwn(properties, key) ? properties[key] : additionalProperties;
    if (known !== undefined) return check(each, known, `${at}.${key}`);
    return properties === undefined ? [] : [`${at}.${key} is not known`];
  });
  return [...missing, ...inside];
}

function isOf(value: unknown, type: string, format: string | undefined): boolean {
  if (format === 'int-or-string') return typeof value === 'string' || Number.isInteger(value);
  if (format === 'date-time') return typeof value === 'string' && !Number.isNaN(Date.parse(value));
  if (type === 'integer') return Number.isInteger(value);
  return typeof value === type;
}
