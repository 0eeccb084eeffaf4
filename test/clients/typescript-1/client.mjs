// TypeScript SDK 1.x; see ../README.md for what a client program says and hears.
import { createInterface } from 'node:readline';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';

const say = (words) => console.log(JSON.stringify(words));
const client = new Client({ name: 'test-typescript-1', version: '1.0.0' });
await client.connect(new StreamableHTTPClientTransport(new URL(process.argv[2])));
// As applications do: it learns the output schemas from it.
await client.listTools();
say({ ready: true });
for await (const line of createInterface({ input: process.stdin })) {
  try {
    const result = await client.callTool(JSON.parse(line), undefined, { timeout: 10_000 });
    say({ ok: !result.isError, text: result.content[0].text });
  } catch (error) {
    say({ ok: false, text: error.message });
  }
}
await client.close();
