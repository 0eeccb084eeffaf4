// Whatever our parser accepts, every parser behind us must read alike.
import fc from 'fast-check';
import { beforeAll, expect, it } from 'vitest';
import { classifyBody } from '../../src/mcp/classify.ts';
import type { Classified } from '../../src/mcp/message.ts';
import { type Sent, validMessage } from './messages.ts';
import { nearMiss } from './near-misses.ts';
import { openReaders, type Reader, type Reading } from './readers.ts';
import { keptSeeds } from './seeds.ts';

/** `FUZZ_SCALE=10` for a longer look. */
const scale = Number(process.env['FUZZ_SCALE'] ?? 1);
/** In all, over the kept seeds and a new one. */
const VALID_CASES = 30_000 * scale;
const NEAR_CASES = 70_000 * scale;
const TIMEOUT_MS = 300_000;

/** Any 32 bits; what fails under it is to be added to seeds.ts. */
const newSeed = (Date.now() ^ process.pid) | 0;
const seeds = [...keptSeeds, newSeed];
let readers: readonly Reader[];
beforeAll(async () => {
  readers = await openReaders();
}, TIMEOUT_MS);

const classify = ({ body, lines }: Sent): Classified =>
  classifyBody(body, { method: 'POST', target: '/mcp', rawHeaders: lines.flat() }, true);

/** What our parser found, in the readers' terms; undefined where it names nothing. */
function ourReading(classified: Classified): Reading | undefined {
  if (!classified.ok || (classified.message.kind !== 'request' && classified.message.kind !== 'notification')) return undefined;
  const { message } = classified;
  const id: unknown = message.kind === 'request' ? JSON.parse(message.id) : undefined;
  const label = id === undefined ? null : typeof id === 'string' ? `s:${id}` : `n:${id}`;
  return { method: message.method, name: message.tool ?? null, id: label };
}

interface Disagreement {
  readonly seed: number;
  readonly reader: string;
  readonly body: string;
  readonly ours: Reading;
  readonly theirs: Reading;
}

/** All disagreements over cases of one seed, the shortest body first. */
async function disagreements(seed: number, cases: readonly Sent[]): Promise<{ accepted: number; found: Disagreement[] }> {
  const accepted = cases.flatMap((sent) => {
    const ours = ourReading(classify(sent));
    return ours === undefined ? [] : [{ body: sent.body, ours }];
  });
  const readings = await Promise.all(readers.map((reader) => reader.read(accepted.map(({ body }) => body))));
  const found = readings.flatMap((theirs, which) =>
    accepted.flatMap(({ body, ours }, at): Disagreement[] => {
      const reading = theirs[at] ?? { fault: 'no answer', method: null, name: null, id: null };
      // Our parser tells the name of a tools/call only.
      const name = ours.method === 'tools/call' ? reading.name : null;
      const isSame = reading.fault === undefined && reading.method === ours.method && reading.id === ours.id && name === ours.name;
      return isSame ? [] : [{ seed, reader: readers[which]?.name ?? '', body: body.toString(), ours, theirs: reading }];
    }),
  );
  return { accepted: accepted.length, found: found.sort((a, b) => a.body.length - b.body.length) };
}

it(
  '[parse:differential] accepts every valid MCP message, and reads from it what JSON.parse, Python and Go read',
  async () => {
    const numRuns = Math.ceil(VALID_CASES / seeds.length);
    let accepted = 0;
    for (const seed of seeds) {
      const cases = fc.sample(validMessage, { seed, numRuns });
      const refused = cases.map((sent) => ({ sent, classified: classify(sent) })).filter(({ classified }) => !classified.ok);
      const told = refused.map(({ sent, classified }) => ({ seed, body: sent.body.toString(), lines: sent.lines, classified }));
      expect(told.slice(0, 3)).toEqual([]);
      const outcome = await disagreements(seed, cases);
      expect(outcome.found.slice(0, 3)).toEqual([]);
      accepted += outcome.accepted;
    }
    console.log(`valid: ${numRuns * seeds.length} cases, ${accepted} requests and notifications compared; new seed ${newSeed}`);
    expect(accepted).toBeGreaterThan(VALID_CASES / 2);
  },
  TIMEOUT_MS,
);

it(
  '[parse:differential] accepts of nearly valid messages only what JSON.parse, Python and Go read alike',
  async () => {
    const numRuns = Math.ceil(NEAR_CASES / seeds.length);
    let accepted = 0;
    for (const seed of seeds) {
      const outcome = await disagreements(seed, fc.sample(nearMiss, { seed, numRuns }));
      expect(outcome.found.slice(0, 3)).toEqual([]);
      accepted += outcome.accepted;
    }
    console.log(`nearly valid: ${numRuns * seeds.length} cases, ${accepted} accepted and compared; new seed ${newSeed}`);
    // Neither nothing nor all of it got through: the edits are worth something.
    expect(accepted).toBeGreaterThan(NEAR_CASES / 50);
    expect(accepted).toBeLessThan(NEAR_CASES * 0.7);
  },
  TIMEOUT_MS,
);
