import { callOf, type HostileCase } from './body-cases.ts';

const VERSION_KEY = 'io.modelcontextprotocol/protocolVersion';
const CLIENT_KEYS = {
  'io.modelcontextprotocol/clientInfo': { name: 'test', version: '1' },
  'io.modelcontextprotocol/clientCapabilities': {},
};

/** A call of the modern era. */
export const modernCallOf = (tool: string, version = '2026-07-28', params: object = {}): string =>
  callOf(tool, {}, { ...params, _meta: { [VERSION_KEY]: version, ...CLIENT_KEYS } });

/** The headers of a modern call. */
export const modernHeaders = (tool: string): string[] => [
  'MCP-Protocol-Version: 2026-07-28',
  'Mcp-Method: tools/call',
  `Mcp-Name: ${tool}`,
];

const modern = (name: string, headers: (expensive: string, cheap: string) => readonly string[]): HostileCase => ({
  name,
  request: ({ expensive, cheap }) => ({ body: modernCallOf(expensive), headers: headers(expensive, cheap) }),
});
const headers = (name: string, ...lines: readonly string[]): HostileCase => ({
  name,
  request: ({ expensive }) => ({ body: callOf(expensive), headers: lines }),
});
/** A value as it stands in a mirrored header that could not hold it plainly. */
export const sentinel = (value: string) => `=?base64?${Buffer.from(value).toString('base64')}?=`;

/** research/mcp-on-the-wire.md §5, the rows on headers and methods. */
export const headCases: readonly HostileCase[] = [
  modern('the cheap name in Mcp-Name', (_, cheap) => modernHeaders(cheap)),
  modern('another method in Mcp-Method', (expensive) => ['MCP-Protocol-Version: 2026-07-28', 'Mcp-Method: ping', `Mcp-Name: ${expensive}`]),
  modern('the cheap name in two lines of Mcp-Name', (expensive, cheap) => [...modernHeaders(expensive), `Mcp-Name: ${cheap}`]),
  modern('the cheap name in the first of two lines', (expensive, cheap) => [`Mcp-Name: ${cheap}`, ...modernHeaders(expensive)]),
  modern('the cheap name in Mcp_Name', (expensive, cheap) => [...modernHeaders(expensive), `Mcp_Name: ${cheap}`]),
  modern('both names in one Mcp-Name', (expensive, cheap) => modernHeaders(`${expensive},${cheap}`)),
  modern('the cheap name encoded', (_, cheap) => modernHeaders(sentinel(cheap))),
  modern('the true name encoded', (expensive) => modernHeaders(sentinel(expensive))),
  modern('the true name, in base64 that is not canonical', (expensive) => modernHeaders(`${sentinel(expensive).slice(0, -2)}=?=`)),
  modern('no mirrored headers', () => ['MCP-Protocol-Version: 2026-07-28']),
  modern('no Mcp-Name', () => ['MCP-Protocol-Version: 2026-07-28', 'Mcp-Method: tools/call']),
  modern('no headers at all', () => []),
  modern('a legacy version in the header', () => ['MCP-Protocol-Version: 2025-11-25']),
  modern('a later version in the header', (expensive) => ['MCP-Protocol-Version: 2026-07-29', ...modernHeaders(expensive).slice(1)]),
  modern('two versions', (expensive) => ['MCP-Protocol-Version: 2025-11-25', ...modernHeaders(expensive)]),
  modern('a session id', (expensive) => [...modernHeaders(expensive), 'Mcp-Session-Id: abc']),
  modern('all in order, the bucket being empty', (expensive) => modernHeaders(expensive)),
  headers('a modern version in the header alone', 'MCP-Protocol-Version: 2026-07-28', 'Mcp-Method: tools/call'),
  headers('legacy, with the mirrors of a cheap call', 'Mcp-Method: ping', 'Mcp-Name: cheap'),
  headers('legacy, with two lines of Mcp-Name', 'Mcp-Name: cheap', 'Mcp-Name: cheap'),
  headers('two types', 'Content-Type: text/plain', 'Content-Type: application/json'),
  headers('two session ids', 'Mcp-Session-Id: a', 'Mcp-Session-Id: b'),
  headers('two authorizations', 'Authorization: Bearer a', 'Authorization: Bearer b'),
  headers('an override of the method', 'X-HTTP-Method-Override: GET'),
  headers('Connection that names the length', 'Connection: close, content-length'),
  headers('Connection that names the type', 'Connection: close, content-type'),
  headers('an upgrade to h2c', 'Connection: close, Upgrade, HTTP2-Settings', 'Upgrade: h2c', 'HTTP2-Settings: AAMAAABkAAQAAP__'),
  ...['GET', 'DELETE', 'HEAD', 'OPTIONS', 'PUT', 'PATCH', 'QUERY'].map(
    (method): HostileCase => ({
      name: `${method} with the call as its body`,
      request: ({ expensive }) => ({ method, body: callOf(expensive) }),
    }),
  ),
  {
    name: 'GET that would be a POST',
    request: ({ expensive }) => ({
      method: 'GET',
      headers: ['X-HTTP-Method-Override: POST', 'X-HTTP-Method: POST'],
      body: callOf(expensive),
    }),
  },
];

/** Other spellings of `/mcp`, and ways around the path. */
export const pathCases: readonly HostileCase[] = [
  '/mcp/',
  '/MCP',
  '//mcp',
  '/%6dcp',
  '/%256dcp',
  '/x/../mcp',
  '/./mcp',
  '/mcp;a=b',
  '/mcp/.',
  '/mcp%2f',
  '/mcp%00',
  '/mcp%20',
  '/mcp?',
  '/mcp?a=b',
  '/mcp?sessionId=a&sessionId=b',
  '/mcp#x',
  '\\mcp',
  'mcp',
  '*',
  'http://127.0.0.1/mcp',
  'http://127.0.0.1/mcp?a',
  'HTTP://x/mcp',
  '/other',
].map((target): HostileCase => ({ name: `the target ${target}`, request: ({ expensive }) => ({ target, body: callOf(expensive) }) }));
