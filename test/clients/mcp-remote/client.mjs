// mcp-remote: a bridge from stdio, to which a client of ours speaks JSON-RPC by
// hand, so that nothing but the bridge reacts; see ../README.md for what a client
// program says and hears.
import { spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { createInterface } from 'node:readline';

const say = (words) => console.log(JSON.stringify(words));
const program = createRequire(import.meta.url).resolve('mcp-remote/dist/proxy.js');
const options = ['--allow-http', '--transport', 'http-only', '--protocol', 'auto'];
const bridge = spawn(process.execPath, [program, process.argv[2], ...options], { stdio: ['pipe', 'pipe', 'pipe'] });
// All that its user gets to read where it does not start.
let said = '';
bridge.stderr.on('data', (chunk) => {
  said = (said + chunk).slice(-4000);
});
const answers = new Map();
createInterface({ input: bridge.stdout }).on('line', (line) => {
  const answer = JSON.parse(line);
  answers.get(answer.id)?.(answer);
});
bridge.on('close', () => {
  for (const settle of answers.values()) settle({ error: { message: `mcp-remote has ended: ${said}` } });
});
const write = (message) => bridge.stdin.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`);
let lastId = 0;
function ask(method, params) {
  const id = ++lastId;
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve({ error: { message: 'no answer within 10 s' } }), 10_000);
    answers.set(id, (answer) => {
      clearTimeout(timer);
      answers.delete(id);
      resolve(answer);
    });
    write({ id, method, params });
  });
}

const params = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'test', version: '1.0.0' } };
const { error: refusal } = await ask('initialize', params);
if (refusal) {
  say({ ok: false, text: refusal.message });
  bridge.kill();
  process.exit(1);
}
write({ method: 'notifications/initialized' });
say({ ready: true });
for await (const line of createInterface({ input: process.stdin })) {
  const { result, error } = await ask('tools/call', JSON.parse(line));
  say(error ? { ok: false, text: error.message } : { ok: !result.isError, text: result.content[0].text });
}
bridge.kill();
