import { expect, it } from 'vitest';
import manifest from '../../../package.json' with { type: 'json' };
import { VERSION } from '../../../src/inject/stamp.ts';

it("[tooling:version] the program's version is the package's", () => {
  expect(VERSION).toBe(manifest.version);
});
