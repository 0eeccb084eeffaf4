// A rule that never fires looks like a rule that is kept: each one is broken
// once, in a copy, and must be caught; what it must allow stands beside it.
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const root = resolve(import.meta.dirname, '../../..');

type Planted = readonly [file: string, text: string];
const restricted = 'lint/style/noRestrictedImports';
const upward = (from: string, to: string): Planted => [from, `import { x } from '${to}';\nexport const y = x;\n`];

const caught: Record<string, readonly Planted[]> = {
  [restricted]: [
    ['src/lib/zod-object.ts', "import { z } from 'zod';\nexport const text = z.string();\n"],
    ['sidecar/zod-object.ts', "import { z } from 'zod';\nexport const text = z.string();\n"],
    ['test/unit/zod-object.test.ts', "import { z } from 'zod';\nexport const text = z.string();\n"],
    upward('src/lib/a.ts', '../settings/b.ts'),
    upward('src/settings/a.ts', '../inject/b.ts'),
    upward('src/inject/identity.ts', '../identity/b.ts'),
    upward('src/inject/mcp.ts', '../mcp/b.ts'),
    upward('src/inject/policy.ts', '../policy/b.ts'),
    upward('src/identity/a.ts', '../mcp/b.ts'),
    upward('src/mcp/a.ts', '../policy/b.ts'),
    upward('src/policy/cli.ts', '../cli/b.ts'),
    upward('src/policy/sidecar.ts', '../../sidecar/b.ts'),
    upward('src/cli/webhook.ts', '../../webhook/b.ts'),
    upward('sidecar/webhook.ts', '../webhook/b.ts'),
    upward('webhook/sidecar.ts', '../sidecar/b.ts'),
    ['src/mcp/files.ts', "import { readFileSync } from 'node:fs';\nexport const read = readFileSync;\n"],
    ['src/settings/promises.ts', "import { readFile } from 'node:fs/promises';\nexport const read = readFile;\n"],
    ['src/policy/sockets.ts', "import { connect } from 'node:net';\nexport const dial = connect;\n"],
    ['src/policy/requests.ts', "import { request } from 'node:https';\nexport const ask = request;\n"],
    ['sidecar/limiter.ts', "export const load = async (): Promise<unknown> => await import('ioredis');\n"],
    ['sidecar/express.ts', "import express from 'express';\nexport const app = express();\n"],
    ['sidecar/forge.ts', "import forge from 'node-forge';\nexport const pki = forge.pki;\n"],
    ['sidecar/kube.ts', "import { KubeConfig } from '@kubernetes/client-node';\nexport const config = new KubeConfig();\n"],
    ['webhook/server.ts', "import { KubeConfig } from '@kubernetes/client-node';\nexport const config = new KubeConfig();\n"],
    ['webhook/redis.ts', "import { Redis } from 'ioredis';\nexport const redis = new Redis();\n"],
    ['src/cli/client.ts', "import { Client } from '@modelcontextprotocol/sdk/client/index.js';\nexport const client = Client;\n"],
  ],
  'lint/suspicious/noImportCycles': [
    ['src/mcp/cycle-a.ts', "import { b } from './cycle-b.ts';\nexport const a = (): number => b();\n"],
    ['src/mcp/cycle-b.ts', "import { a } from './cycle-a.ts';\nexport const b = (): number => a();\n"],
  ],
  'lint/nursery/noFloatingPromises': [
    ['sidecar/floating.ts', 'async function work(): Promise<void> {}\nexport function start(): void {\n  work();\n}\n'],
  ],
  'lint/style/noProcessEnv': [
    ['src/settings/environment.ts', 'export const home = process.env.HOME;\n'],
    ['sidecar/environment.ts', 'export const home = process.env.HOME;\n'],
  ],
  'lint/style/noExcessiveLinesPerFile': [['src/inject/long.ts', `${'export {};\n'.repeat(301)}`]],
  'lint/style/useFilenamingConvention': [['src/inject/camelCase.ts', 'export const x = 1;\n']],
  'lint/performance/noBarrelFile': [['src/mcp/everything.ts', "export * from './b.ts';\n"]],
  'lint/suspicious/noSkippedTests': [['test/unit/skipped.test.ts', "import { it } from 'vitest';\nit.skip('x', () => {});\n"]],
  'lint/suspicious/noFocusedTests': [['test/unit/focused.test.ts', "import { it } from 'vitest';\nit.only('x', () => {});\n"]],
};

const allowed: readonly Planted[] = [
  ['src/policy/down.ts', "import { x } from '../mcp/b.ts';\nimport { y } from '../lib/b.ts';\nexport const sum = x + y;\n"],
  ['src/identity/addresses.ts', "import { isIP } from 'node:net';\nexport const version = isIP;\n"],
  ['src/settings/zod-star.ts', "import * as z from 'zod';\nexport const text = z.string();\n"],
  ['sidecar/store-redis.ts', "export const load = async (): Promise<unknown> => await import('ioredis');\n"],
  ['sidecar/main.ts', 'export const home = process.env.HOME;\n'],
  ['webhook/app.ts', "import express from 'express';\nexport const app = express();\n"],
  ['webhook/types.ts', "import type { V1Pod } from '@kubernetes/client-node';\nexport type Pod = V1Pod;\n"],
  ['webhook/kube.ts', "import { KubeConfig } from '@kubernetes/client-node';\nexport const config = new KubeConfig();\n"],
  ['src/cli/main.ts', "export const load = async (): Promise<unknown> => await import('../../sidecar/main.ts');\n"],
];

interface Diagnostic {
  readonly category: string;
  readonly location: { readonly path?: string };
}

describe('the lint rules', () => {
  const copy = mkdtempSync(join(tmpdir(), 'mcp-sluice-lint-'));
  let found: string[];

  beforeAll(() => {
    copyFileSync(join(root, 'biome.json'), join(copy, 'biome.json'));
    for (const [file, text] of [...Object.values(caught).flat(), ...allowed]) {
      mkdirSync(dirname(join(copy, file)), { recursive: true });
      writeFileSync(join(copy, file), text);
    }
    const ran = spawnSync(
      join(root, 'node_modules/.bin/biome'),
      ['lint', '--vcs-enabled=false', '--max-diagnostics=none', '--reporter=json'],
      {
        cwd: copy,
        encoding: 'utf8',
      },
    );
    const { diagnostics } = JSON.parse(ran.stdout) as { diagnostics: Diagnostic[] };
    found = diagnostics.map(({ category, location }) => `${category} ${location.path}`);
  }, 30_000);
  afterAll(() => rmSync(copy, { recursive: true, force: true }));

  for (const [rule, planted] of Object.entries(caught)) {
    for (const [file, text] of planted) {
      const what = text.split('\n').find((line) => line.includes('import')) ?? '';
      it(`[tooling:import-rules] ${rule.split('/')[2]} catches ${file} ${what}`.trim(), () => {
        expect(found).toContain(`${rule} ${file}`);
      });
    }
  }

  for (const [file] of allowed) {
    it(`nothing is wrong with ${file}`, () => {
      expect(found.filter((line) => line.endsWith(` ${file}`))).toEqual([]);
    });
  }
});
