// `npm run test:e2e [-- --keep] [vitest's own arguments]`: the end-to-end tests; `test:chaos`, those that break a cluster.
// Cluster and installation are made and removed by test/e2e/setup.ts.
import { spawn } from 'node:child_process';
import { join } from 'node:path';

const root = join(import.meta.dirname, '../..');
const args = process.argv.slice(2);
const env = { ...process.env, ...(args.includes('--keep') ? { E2E_KEEP: '1' } : {}) };
const vitest = join(root, 'node_modules/vitest/vitest.mjs');
const project = args.includes('--chaos') ? 'chaos' : 'e2e';
const others = args.filter((arg) => arg !== '--keep' && arg !== '--chaos');
const child = spawn(process.execPath, [vitest, 'run', '--project', project, ...others], {
  cwd: root,
  env,
  stdio: 'inherit',
});
// A terminal's Ctrl-C reaches the child too: it removes the cluster, and this waits for it.
process.on('SIGINT', () => undefined);
process.on('SIGTERM', () => child.kill('SIGTERM'));
child.on('error', (error) => {
  process.stderr.write(`vitest cannot be started: ${error.message}\n`);
  process.exitCode = 1;
});
child.on('close', (code) => {
  process.exitCode = code ?? 1;
});
