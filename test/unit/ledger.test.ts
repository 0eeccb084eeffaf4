// Every promise has a test that cites it, and every citation a promise.
import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { citedIds, listRequirements } from '../requirements.ts';

const tests = resolve(import.meta.dirname, '..');
const own = join('unit', 'ledger.test.ts');
const sources = readdirSync(tests, { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.test.ts') && file !== own && !file.startsWith('kind-offline'))
  .map((file) => ({ file, ids: citedIds(readFileSync(join(tests, file), 'utf8')) }));
const requirements = await listRequirements();

describe('the ledger of requirements', () => {
  it('lists some', () => {
    expect(requirements.length).toBeGreaterThan(0);
  });

  it('lists none twice', () => {
    const ids = requirements.map(({ id }) => id);
    expect(ids.filter((id, at) => ids.indexOf(id) !== at)).toEqual([]);
  });

  it('gives each a source and a sentence', () => {
    expect(requirements.filter(({ source, behaviour }) => !source?.trim() || !behaviour?.trim())).toEqual([]);
  });

  it('has a test for each', () => {
    const cited = new Set(sources.flatMap(({ ids }) => ids));
    expect(requirements.filter(({ id }) => !cited.has(id)).map(({ id, file }) => `${file}: ${id}`)).toEqual([]);
  });

  it('knows every id that a test cites', () => {
    const known = new Set(requirements.map(({ id }) => id));
    expect(sources.flatMap(({ file, ids }) => ids.filter((id) => !known.has(id)).map((id) => `${file}: ${id}`))).toEqual([]);
  });

  it('reads citations at the head of a title only', () => {
    const source = `it('[a:one] x'); it("[b:two-2] [c:three] y"); it(\`[d:four:5] z\`); it('no [e:five]'); const list = ['f:six']; expect('[::1]')`;
    expect(citedIds(source)).toEqual(['a:one', 'b:two-2', 'c:three', 'd:four:5']);
  });
});
