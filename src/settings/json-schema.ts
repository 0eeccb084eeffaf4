import * as z from 'zod';
import { PREFIX } from '../lib/prefix.ts';
import { KEYS, type Row, table } from './table.ts';

type JsonSchema = z.core.JSONSchema.BaseSchema;

/** What zod cannot say in JSON Schema: our maps with free keys, and text in place of a map. */
function complete({ zodSchema, jsonSchema }: { zodSchema: z.core.$ZodTypes; jsonSchema: JsonSchema }): void {
  const { def } = zodSchema._zod;
  if (def.type === 'map') Object.assign(jsonSchema, { type: 'object', additionalProperties: schemaOf(def.valueType as z.ZodType) });
  if (jsonSchema['hasShorthand'] !== true) return;
  const { hasShorthand: _, ...map } = jsonSchema;
  for (const field of Object.keys(jsonSchema)) delete jsonSchema[field];
  jsonSchema.anyOf = [{ type: 'string', pattern: '^[0-9]+/[0-9.smhd]+$', examples: ['100/1m'] }, map];
}

function schemaOf(schema: z.ZodType): JsonSchema {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, {
    io: 'input',
    unrepresentable: 'any',
    reused: 'inline',
    override: complete as never,
  });
  return rest as JsonSchema;
}

/**
 * A JSON Schema of the `annotations` of an object: what editors complete and
 * check. A YAML value is text for Kubernetes; `contentSchema` says what is in
 * it (JSON Schema 2020-12 §8.5).
 */
export function renderJsonSchema(): string {
  const properties = KEYS.map((key) => {
    const { form, schema, summary, fallback } = table[key] as Row<z.ZodType>;
    const inner = schemaOf(schema);
    const value = form === 'text' ? inner : { type: 'string', contentMediaType: 'application/yaml', contentSchema: inner };
    return [PREFIX + key, { description: `${summary} Default: ${fallback.replaceAll('`', '')}.`, ...value }];
  });
  const root = {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'Annotations of mcp-sluice',
    type: 'object',
    properties: Object.fromEntries(properties),
    propertyNames: { not: { pattern: `^${PREFIX.replaceAll('.', '\\.')}(?!(${[...KEYS, 'status', 'propagated'].join('|')})$)` } },
  };
  return `${JSON.stringify(root, undefined, 2)}\n`;
}
