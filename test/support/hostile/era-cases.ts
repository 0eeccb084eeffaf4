import { gzipSync } from 'node:zlib';
import { callOf, type HostileCase, type Names } from './body-cases.ts';
import { modernCallOf, modernHeaders } from './head-cases.ts';

/** A modern call with one thing wrong in its body, and mirrors that name the expensive tool. */
const modern = (name: string, make: (names: Names) => string | Buffer, more: readonly string[] = []): HostileCase => ({
  name: `modern, ${name}`,
  request: (names) => ({ body: make(names), headers: [...modernHeaders(names.expensive), ...more] }),
});
/** The same with mirrors that name the cheap one. */
const disguised = (name: string, make: (names: Names) => string): HostileCase => ({
  name: `disguised, ${name}`,
  request: (names) => ({ body: make(names), headers: modernHeaders(names.cheap) }),
});
/** A modern body under a header that says something else of its era. */
const confused = (name: string, ...lines: readonly string[]): HostileCase => ({
  name: `modern under ${name}`,
  request: ({ expensive }) => ({
    body: modernCallOf(expensive),
    headers: [...lines, 'Mcp-Method: tools/call', `Mcp-Name: ${expensive}`],
  }),
});
const twice = ({ expensive, cheap }: Names, isExpensiveLast: boolean): string => {
  const [first, last] = isExpensiveLast ? [cheap, expensive] : [expensive, cheap];
  return modernCallOf(last).replace('"name"', () => `"name":${JSON.stringify(first)},"name"`);
};

/** Servers that go by the header or by the body alone take these for an era that another does not. */
export const eraCases: readonly HostileCase[] = [
  ...['2025-11-25', '2025-06-18', '2025-03-26', '2024-11-05', '2026-07-28, 2025-11-25', '2025-11-25,2026-07-28', 'DRAFT-2026-v1'].map(
    (version) => confused(version, `MCP-Protocol-Version: ${version}`),
  ),
  confused('no version'),
  confused('an empty version', 'MCP-Protocol-Version: '),
  confused('an underscore', 'MCP_Protocol_Version: 2026-07-28'),
  confused('two versions', 'MCP-Protocol-Version: 2026-07-28', 'MCP-Protocol-Version: 2025-11-25'),
  confused('one version twice', 'MCP-Protocol-Version: 2026-07-28', 'MCP-Protocol-Version: 2026-07-28'),
  modern('the name twice', (names) => twice(names, true)),
  disguised('the name twice, costly last', (names) => twice(names, true)),
  disguised('the name twice, costly first', (names) => twice(names, false)),
  disguised('Name beside name', ({ expensive, cheap }) =>
    modernCallOf(cheap).replace('"name"', () => `"Name":${JSON.stringify(expensive)},"name"`),
  ),
  modern('_meta twice, the legacy one first', ({ expensive }) => modernCallOf(expensive).replace('"_meta"', '"_meta":{},"_meta"')),
  modern('a legacy body', ({ expensive }) => callOf(expensive)),
  modern('a legacy version in the body', ({ expensive }) => modernCallOf(expensive, '2025-11-25')),
  modern('a version that nobody knows in the body', ({ expensive }) => modernCallOf(expensive, '2026-07-29')),
  modern('a batch of one', ({ expensive }) => `[${modernCallOf(expensive)}]`),
  modern('no id', ({ expensive }) => modernCallOf(expensive).replace('"id":1,', '')),
  modern('a result beside the call', ({ expensive }) => modernCallOf(expensive).replace('"id":1', '"id":1,"result":{}')),
  modern('NaN', ({ expensive }) => modernCallOf(expensive).replace('"arguments":{}', '"arguments":{"a":NaN}')),
  modern('a byte order mark', ({ expensive }) => `\ufeff${modernCallOf(expensive)}`),
  modern('UTF-16', ({ expensive }) => Buffer.from(modernCallOf(expensive), 'utf16le')),
  modern('gzip', ({ expensive }) => gzipSync(modernCallOf(expensive)), ['Content-Encoding: gzip']),
  modern('a retry with a state', ({ expensive }) => modernCallOf(expensive, '2026-07-28', { requestState: 'x' })),
  modern('a retry with answers', ({ expensive }) => modernCallOf(expensive, '2026-07-28', { inputResponses: {} })),
];
