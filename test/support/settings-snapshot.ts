import type * as z from 'zod';
import { parseSettings } from '../../src/settings/annotations.ts';
import { KEYS, type Row, table } from '../../src/settings/table.ts';

export interface KeySnapshot {
  readonly form: string;
  /** Where the value is one of some words. */
  readonly words?: readonly string[];
  readonly isRetunable: boolean;
  readonly fromNamespace: boolean;
  readonly fromCluster: boolean;
  /** The minor version that will not have it. */
  readonly retiresIn?: string;
}

/** What a minor version promises of annotations; kept in test/compatibility, one file for each. */
export interface SettingsSnapshot {
  readonly keys: Readonly<Record<string, KeySnapshot>>;
  /** The settings of a pod that says `inject` and nothing else. */
  readonly defaults: Readonly<Record<string, unknown>>;
}

export function snapshotOfSettings(): SettingsSnapshot {
  const keys = KEYS.map((key): [string, KeySnapshot] => {
    const { schema, form, isRetunable, fromNamespace, fromCluster, retires } = table[key] as Row<z.ZodType>;
    const { options } = schema as { options?: unknown };
    return [
      key,
      {
        form,
        ...(Array.isArray(options) && options.every((each) => typeof each === 'string') && { words: options }),
        ...{ isRetunable: isRetunable ?? false, fromNamespace: fromNamespace ?? false, fromCluster: fromCluster ?? false },
        ...(retires && { retiresIn: retires.in }),
      },
    ];
  });
  return { keys: Object.fromEntries(keys), defaults: { ...parseSettings({ 'mcp-sluice.dev/inject': 'true' }).settings } };
}

/** What `now` takes away from what `then` promised, `then` being of the same minor version: keys are only added. */
export function brokenWithinMinor(then: SettingsSnapshot, now: SettingsSnapshot): string[] {
  const keys = Object.entries(then.keys).flatMap(([key, before]) => {
    const after = now.keys[key];
    return after === undefined ? [`${key} is gone`] : changesOf(key, before, after);
  });
  const defaults = Object.entries(then.defaults)
    .filter(([name, value]) => JSON.stringify(value) !== JSON.stringify(now.defaults[name]))
    .map(([name]) => `the default of ${name} is another`);
  return [...keys, ...defaults];
}

/** What `now` lacks though the minor version before never said that it would go. */
export function goneUnannounced(before: SettingsSnapshot, now: SettingsSnapshot): string[] {
  return Object.entries(before.keys)
    .filter(([key, { retiresIn }]) => now.keys[key] === undefined && retiresIn === undefined)
    .map(([key]) => `${key} is gone without a warning`);
}

function changesOf(key: string, before: KeySnapshot, after: KeySnapshot): string[] {
  const lost = (before.words ?? []).filter((word) => after.words !== undefined && !after.words.includes(word));
  const marks = (['isRetunable', 'fromNamespace', 'fromCluster'] as const).filter((mark) => before[mark] && !after[mark]);
  return [
    ...(before.form === after.form ? [] : [`${key} is read as ${after.form}`]),
    ...lost.map((word) => `${key} does not know ${word} any more`),
    ...marks.map((mark) => `${key} is not ${mark} any more`),
  ];
}
