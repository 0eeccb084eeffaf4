import { parseArgs } from 'node:util';
import { didYouMean } from './suggest.ts';

/** What one option takes; a command's table of these is all it has to say about its syntax. */
export interface OptionSpec {
  readonly type: 'string' | 'boolean';
  readonly multiple?: boolean;
}

export interface ReadArguments {
  readonly values: ReadonlyMap<string, readonly string[]>;
  readonly errors: readonly string[];
}

/** Reads a command line against its table. All that is wrong is said at once, where `parseArgs` alone stops at the first. */
export function readArguments(argv: readonly string[], specs: Readonly<Record<string, OptionSpec>>): ReadArguments {
  const options = Object.fromEntries(Object.entries(specs).map(([name, spec]) => [name, { type: spec.type, multiple: true as const }]));
  const { tokens } = parseArgs({ args: [...argv], options, strict: false, allowPositionals: true, tokens: true });
  const values = new Map<string, string[]>();
  const errors: string[] = [];
  for (const token of tokens) {
    if (token.kind === 'positional') errors.push(`"${token.value}" is not an option; options begin with "--"`);
    if (token.kind !== 'option') continue;
    const spec = Object.hasOwn(specs, token.name) ? specs[token.name] : undefined;
    if (spec === undefined) {
      errors.push(`${token.rawName} is not known, ${didYouMean(token.name, Object.keys(specs))}`);
    } else if (spec.type === 'boolean' && token.value !== undefined) {
      errors.push(`${token.rawName} takes no value, but got "${token.value}"`);
    } else if (spec.type === 'string' && (token.value === undefined || token.value === '')) {
      errors.push(`${token.rawName} needs a value`);
    } else if (values.has(token.name) && spec.multiple !== true) {
      errors.push(`${token.rawName} stands twice`);
    } else {
      values.set(token.name, [...(values.get(token.name) ?? []), token.value ?? '']);
    }
  }
  return { values, errors };
}
