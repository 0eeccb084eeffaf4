import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, expect, it, vi } from 'vitest';
import { buildGo, installGo } from '../../src/build/go.ts';

const empty = mkdtempSync(join(tmpdir(), 'mcp-sluice-go-'));
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(empty, { recursive: true, force: true });
});

it('[tooling:go-missing] says what to install where there is no Go', async () => {
  vi.stubEnv('MCP_SLUICE_CACHE', empty);
  vi.stubEnv('PATH', empty);
  const says = 'Go is missing: no program "go" on PATH. Install Go 1.25 or later';
  await expect(buildGo(resolve(import.meta.dirname, '../fuzz/go'), 'reader')).rejects.toThrow(says);
  await expect(installGo('example.com/module', 'v1.0.0', ['command'])).rejects.toThrow(says);
});
