import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bundleVolumeName, headerVolumeName } from '../../../src/inject/entry-volumes.ts';
import { VOLUME } from '../../../src/inject/names.ts';
import { isDnsLabel, isObjectName } from '../../../src/lib/names.ts';

const edge = fc.constantFrom(...'abz09');
const inner = fc.array(fc.constantFrom(...'ab9---'), { maxLength: 61 }).map((letters) => letters.join(''));
/** Names near each other, of all lengths, with hyphens wherever they may be, above all where a name is cut. */
const label = fc.oneof(
  fc.tuple(edge, inner, edge).map((parts) => parts.join('')),
  fc.tuple(fc.integer({ min: 1, max: 63 }), edge).map(([length, last]) => 'a'.repeat(length - 1) + last),
  fc.tuple(fc.integer({ min: 0, max: 60 }), edge).map(([length, last]) => `a${'-'.repeat(length)}${last}`),
  fc.constantFrom('pod', 'state', 'redis-secret', 'ca', 'secret', 'entry', 'ca-a', 'a-ca'),
);
const secret = fc.array(label, { minLength: 1, maxLength: 3 }).map((labels) => labels.join('.'));

type Wanted = readonly ['ca', string] | readonly ['secret', string, string];
const nameOf = (wanted: Wanted) => (wanted[0] === 'ca' ? bundleVolumeName(wanted[1]) : headerVolumeName(wanted[1], wanted[2]));

describe('the names of volumes for entries', () => {
  it('[pod:entry-volume-names] are names of volumes, whatever the entry and the Secret are called', () => {
    fc.assert(
      fc.property(label, secret, (entry, name) => {
        fc.pre(isDnsLabel(entry) && isObjectName(name));
        expect([bundleVolumeName(entry), headerVolumeName(entry, name)].filter((each) => !isDnsLabel(each))).toEqual([]);
      }),
      { numRuns: 1000 },
    );
  });

  it('[pod:entry-volume-names] never collide, with each other nor with our other volumes', () => {
    const wanted = fc.oneof(
      label.map((entry): Wanted => ['ca', entry]),
      fc.tuple(label, secret).map(([entry, name]): Wanted => ['secret', entry, name]),
    );
    fc.assert(
      fc.property(fc.uniqueArray(wanted, { minLength: 2, maxLength: 40, selector: (each) => JSON.stringify(each) }), (all) => {
        const names = [...all.map(nameOf), ...Object.values(VOLUME)];
        expect(new Set(names).size).toBe(names.length);
      }),
      { numRuns: 500 },
    );
  });

  it('[pod:entry-volume-names] are not met by an entry that is called as another one is cut', () => {
    const long = 'x'.repeat(63);
    const cut = bundleVolumeName(long);
    const forged = cut.slice('mcp-sluice-entry-ca-'.length);
    expect([cut.length, isDnsLabel(forged)]).toEqual([63, true]);
    expect(bundleVolumeName(forged)).not.toBe(cut);
    expect(headerVolumeName('a-b', 'c')).not.toBe(headerVolumeName('a', 'b-c'));
    expect(headerVolumeName('a', 'b.c')).not.toBe(headerVolumeName('a', 'b-c'));
  });
});
