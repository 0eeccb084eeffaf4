import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import manifest from '../../../package.json' with { type: 'json' };
import { VERSION } from '../../../src/inject/stamp.ts';

const root = join(import.meta.dirname, '../../..');

it("[tooling:version] the program's version is the package's", () => {
  expect(VERSION).toBe(manifest.version);
});

it.each(['README.md', 'manifests/base/deployment.yaml', 'manifests/install.yaml'])(
  '[tooling:version] %s names the image of this version',
  (file) => {
    const tags = [...readFileSync(join(root, file), 'utf8').matchAll(/mcp-sluice\/mcp-sluice:([-.\w]+)/g)].map(([, tag]) => tag);
    expect(new Set(tags)).toEqual(new Set([VERSION]));
  },
);
