// TypeScript client 2.x, in the era that it agrees on with the server, as `auto`
// does; see ../README.md for what a client program says and hears.
import { createInterface } from 'node:readline';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';

const say = (words) => console.log(JSON.stringify(words));
const client = new Client({ name: 'test-typescript-2', version: '1.0.0' }, { versionNegotiation: { mode: 'auto' } });
await client.connect(new StreamableHTTPClientTransport(new URL(process.argv[2])));
// As applications do: it learns the output schemas from it.
await client.listTools();
say({ ready: true });
for await (const line of createInterface({ input: process.stdin })) {
  try {
    const result = await client.callTool(JSON.parse(line), { timeout: 10_000 });
    say({ ok: !result.isError, text: result.content[0].text });
  } catch (error) {
    say({ ok: false, text: error.message });
  }
}
await client.close();
