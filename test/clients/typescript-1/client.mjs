// TypeScript SDK 1.x; see ../README.md for what a client program says and hears.
import { createInterface } from 'node:readline';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { ElicitRequestSchema } from '@modelcontextprotocol/sdk/types.js';

const say = (words) => console.log(JSON.stringify(words));
const client = new Client({ name: 'test-typescript-1', version: '1.0.0' }, { capabilities: { elicitation: {} } });
// A person thinks about it.
const THINKING_MS = 5_000;
client.setRequestHandler(ElicitRequestSchema, async () => {
  await new Promise((resolve) => setTimeout(resolve, THINKING_MS));
  return { action: 'decline' };
});
await client.connect(new StreamableHTTPClientTransport(new URL(process.argv[2])));
// As applications do: it learns the output schemas from it.
await client.listTools();
say({ ready: true });
for await (const line of createInterface({ input: process.stdin })) {
  let progress = 0;
  const onprogress = () => {
    progress += 1;
  };
  try {
    const result = await client.callTool(JSON.parse(line), undefined, { timeout: 10_000, onprogress });
    say({ ok: !result.isError, text: result.content[0].text, ...(progress > 0 && { progress }) });
  } catch (error) {
    say({ ok: false, text: error.message });
  }
}
await client.close();
