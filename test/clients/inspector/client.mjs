// The Inspector's CLI: a process and a session of its own for every call; see
// ../README.md for what a client program says and hears.
import { spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { createInterface } from 'node:readline';

const say = (words) => console.log(JSON.stringify(words));
const program = createRequire(import.meta.url).resolve('@modelcontextprotocol/inspector/clients/launcher/build/index.js');

function run(args) {
  const child = spawn(process.execPath, [program, '--cli', process.argv[2], '--transport', 'http', ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk) => {
    stdout += chunk;
  });
  child.stderr.on('data', (chunk) => {
    stderr += chunk;
  });
  return new Promise((resolve) => child.on('close', (code) => resolve({ code, stdout, stderr })));
}

say({ ready: true });
for await (const line of createInterface({ input: process.stdin })) {
  const { name, arguments: given } = JSON.parse(line);
  const pairs = Object.entries(given).flatMap(([key, value]) => ['--tool-arg', `${key}=${value}`]);
  const { code, stdout, stderr } = await run(['--method', 'tools/call', '--tool-name', name, ...pairs]);
  if (code !== 0) say({ ok: false, text: stdout + stderr });
  else {
    const result = JSON.parse(stdout);
    say({ ok: !result.isError, text: result.content[0].text });
  }
}
