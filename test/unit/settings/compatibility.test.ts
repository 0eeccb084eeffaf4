import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { VERSION } from '../../../src/inject/stamp.ts';
import { parseSettings } from '../../../src/settings/annotations.ts';
import { renderSettingsPage } from '../../../src/settings/render-docs.ts';
import { type Retirement, warnOfRetirement } from '../../../src/settings/retirement.ts';
import { table } from '../../../src/settings/table.ts';
import { brokenWithinMinor, goneUnannounced, type SettingsSnapshot, snapshotOfSettings } from '../../support/settings-snapshot.ts';
import { isUpdatingGoldens } from '../../support/update-goldens.ts';

const directory = join(import.meta.dirname, '../../compatibility');
const minorOf = (version: string) => version.split('.').slice(0, 2).join('.');
const fileOf = (minor: string) => join(directory, `settings-${minor}.json`);
const read = (minor: string) => JSON.parse(readFileSync(fileOf(minor), 'utf8')) as SettingsSnapshot;
const minors = () =>
  readdirSync(directory)
    .flatMap((file) => /^settings-(\d+\.\d+)\.json$/.exec(file)?.[1] ?? [])
    .toSorted((a, b) => Number(a.split('.')[0]) - Number(b.split('.')[0]) || Number(a.split('.')[1]) - Number(b.split('.')[1]));
const now = JSON.parse(JSON.stringify(snapshotOfSettings())) as SettingsSnapshot;
const current = minorOf(VERSION);
const isUpdating = isUpdatingGoldens();

describe('settings of two versions side by side', () => {
  it('[settings:append-only] lose nothing within a minor version', () => {
    // A new key is recorded by UPDATE_GOLDENS=1, which takes nothing back.
    const known = existsSync(fileOf(current)) ? read(current) : now;
    expect(brokenWithinMinor(known, now)).toEqual([]);
    if (isUpdating) writeFileSync(fileOf(current), `${JSON.stringify(now, null, 2)}\n`);
    expect(read(current)).toEqual(now);
  });

  it('[settings:retirement] lose a key of the minor version before only where that one warned', () => {
    const before = minors().at(-2);
    expect(before === undefined ? [] : goneUnannounced(read(before), now)).toEqual([]);
  });

  it.each<[string, (snapshot: SettingsSnapshot) => SettingsSnapshot, RegExp]>([
    ['a key', ({ keys: { mode: _, ...keys }, defaults }) => ({ keys, defaults }), /^mode is gone$/],
    ['a word', (old) => withKey(old, 'mode', { words: ['enforce'] }), /^mode does not know shadow any more$/],
    ['being retunable', (old) => withKey(old, 'mode', { isRetunable: false }), /^mode is not isRetunable any more$/],
    ['its form', (old) => withKey(old, 'mode', { form: 'yaml' }), /^mode is read as yaml$/],
    ['a default', (old) => ({ ...old, defaults: { ...old.defaults, mode: 'shadow' } }), /^the default of mode is another$/],
  ])('[settings:append-only] are caught losing %s', (_what, change, told) => {
    expect(brokenWithinMinor(now, change(now))).toEqual([expect.stringMatching(told)]);
    expect(brokenWithinMinor(now, { ...now, keys: { ...now.keys, tomorrow: { ...now.keys['mode'] } as never } })).toEqual([]);
  });

  it('[settings:retirement] are caught losing a key that nobody was warned of', () => {
    const { mode: _, ...keys } = now.keys;
    expect(goneUnannounced(now, { ...now, keys })).toEqual(['mode is gone without a warning']);
    expect(goneUnannounced(withKey(now, 'mode', { retiresIn: '0.2' }), { ...now, keys })).toEqual([]);
  });

  it('[settings:retirement] warn of a key that retires wherever it is given, and of no other', () => {
    const rows = { old: { retires: { in: '0.2', instead: 'use new' } }, new: {} };
    expect(warnOfRetirement(['new', 'old'] as const, rows)).toEqual([
      { code: 'RETIRING_KEY', path: ['old'], message: 'version 0.2 does not know mcp-sluice.dev/old any more; use new' },
    ]);
  });

  it('[settings:retirement] take the value of a key that retires, with the warning beside it and in the docs', () => {
    const row = table.mode as { retires?: Retirement };
    row.retires = { in: '0.2', instead: 'use old-mode' };
    try {
      const { settings, warnings } = parseSettings({ 'mcp-sluice.dev/inject': 'true', 'mcp-sluice.dev/mode': 'shadow' });
      expect([settings?.mode, warnings.map(({ code }) => code)]).toEqual(['shadow', ['RETIRING_KEY']]);
      expect(renderSettingsPage()).toContain('- Gone in version 0.2: use old-mode\n');
    } finally {
      delete row.retires;
    }
  });
});

function withKey({ keys, defaults }: SettingsSnapshot, key: string, changes: object): SettingsSnapshot {
  return { keys: { ...keys, [key]: { ...keys[key], ...changes } as SettingsSnapshot['keys'][string] }, defaults };
}
