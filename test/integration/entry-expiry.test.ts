import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { EntryTrust } from '../../sidecar/entry-trust.ts';
import { entryAt } from '../support/ask-entry.ts';
import { makeCertificate } from '../support/make-certificate.ts';

const DAY_MS = 24 * 3_600_000;
const first = makeCertificate({ name: 'a CA', isAuthority: true, validHours: [-1, 24 * 100] });
const last = makeCertificate({ name: 'another CA', isAuthority: true, validHours: [-1, 24 * 400] });
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mcp-sluice-'));
});
afterAll(() => rm(folder, { recursive: true }));

it('[egress:expiry] the earliest end of a bundle is told, and warned of once at 30 and once at 7 days', async () => {
  const caFile = join(folder, 'ca.crt');
  await writeFile(caFile, last.certificate + first.certificate);
  const startMs = Date.now();
  let days = 0;
  const warnings: string[] = [];
  const ends: number[] = [];
  let changes = 0;
  const trust = new EntryTrust(entryAt('https://docs.test/mcp', { caBundle: { configMap: 'corp-ca', key: 'ca.crt', exclusive: true } }), {
    caFile,
    nowMs: () => startMs + days * DAY_MS,
    events: { onWarning: (message) => warnings.push(message), onCaReload: ({ earliestEndMs }) => ends.push(earliestEndMs) },
    onChange: () => {
      changes += 1;
    },
  });
  const at = async (day: number): Promise<[number, string | undefined]> => {
    days = day;
    await trust.poll();
    await trust.poll();
    return [warnings.length, trust.ending?.replace(/.*has a certificate that /, '').replace(/\d{4}-\d\d-\d\d/, 'DAY')];
  };
  expect(await at(0)).toEqual([0, undefined]);
  expect(ends.map((endMs) => Math.round((endMs - startMs) / DAY_MS))).toEqual([100]);
  expect(await at(69)).toEqual([0, undefined]);
  expect(await at(71)).toEqual([1, 'ends on DAY, in 28 days; add its successor']);
  expect(await at(92)).toEqual([1, 'ends on DAY, in 7 days; add its successor']);
  expect(await at(94)).toEqual([2, 'ends on DAY, in 5 days; add its successor']);
  expect(await at(101)).toEqual([2, 'expired on DAY; add its successor']);
  expect(warnings[0]).toContain('The CA bundle of remote entry "docs" (ConfigMap "corp-ca", key "ca.crt") has a certificate that ends on');
  // The same certificates with other text around them change nothing; others do.
  await writeFile(caFile, `# again\n${last.certificate}${first.certificate}`);
  expect(await at(101)).toEqual([2, 'expired on DAY; add its successor']);
  expect(changes).toBe(1);
  await writeFile(caFile, last.certificate);
  expect(await at(101)).toEqual([2, undefined]);
  expect(changes).toBe(2);
});
