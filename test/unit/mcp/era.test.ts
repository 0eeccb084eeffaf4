import { describe, expect, it } from 'vitest';
import { call, type Lines, MODERN, messageOf, modernCall, modernLines, post, VERSION_KEY, verdict } from './support.ts';

const version = (value: string): Lines => [['MCP-Protocol-Version', value]];
const withName = (name: string, header: string) => post(modernCall(name), modernLines('tools/call', header));
const request = (method: string, params: object) =>
  JSON.stringify({ jsonrpc: '2.0', id: 1, method, params: { ...params, _meta: { [VERSION_KEY]: MODERN } } });

describe('eras', () => {
  it.each([MODERN, '2026-07-29', '2027-01-01', '9999-12-31'])('[era:evidence] takes %s in _meta and header for modern', (revision) => {
    const lines: Lines = [...version(revision), ['Mcp-Method', 'tools/call'], ['Mcp-Name', 'a']];
    expect(messageOf(post(modernCall('a', revision), lines))).toMatchObject({ era: 'modern', tool: 'a' });
  });

  it.each([
    '2026-07-27',
    '2025-11-25',
    'draft',
    '2026-7-28',
    '2026-07-28 ',
    '20260728',
    '3',
    '',
    '２０２６-07-28',
    2026,
    null,
    {},
    ['2026-07-28'],
  ])('[era:evidence] takes %j in _meta for no evidence', (revision) => {
    expect(messageOf(post(modernCall('a', revision)))).toMatchObject({ era: 'legacy' });
    expect(verdict(post(modernCall('a', revision), version(MODERN)))).toBe('era-mismatch 400 -32020');
  });

  it('[era:evidence] looks for the revision in params._meta alone', () => {
    expect(messageOf(post(call({ _meta: { [VERSION_KEY]: MODERN } })))).toMatchObject({ era: 'legacy' });
    expect(
      messageOf(post(call({ params: { name: 'a', [VERSION_KEY]: MODERN, arguments: { _meta: { [VERSION_KEY]: MODERN } } } }))),
    ).toMatchObject({
      era: 'legacy',
    });
    expect(messageOf(post('{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2026-07-28"}}'))).toMatchObject({
      era: 'legacy',
    });
  });

  it.each([[], version('2025-11-25'), version('2026-07-29'), version('2026-07-28x'), version('')])(
    '[era:agreement] refuses a modern request whose header is %j',
    (...lines) => {
      expect(verdict(post(modernCall(), lines))).toBe('era-mismatch 400 -32020');
    },
  );

  it('[era:agreement] lets the header alone speak for notifications and responses, which carry no envelope', () => {
    expect(messageOf(post('{"jsonrpc":"2.0","method":"notifications/cancelled"}', version(MODERN)))).toMatchObject({ era: 'modern' });
    expect(messageOf(post('{"jsonrpc":"2.0","id":1,"result":{}}', version(MODERN)))).toEqual({ kind: 'response', era: 'modern' });
    const contradiction = JSON.stringify({ jsonrpc: '2.0', method: 'notifications/x', params: { _meta: { [VERSION_KEY]: '2025-11-25' } } });
    expect(verdict(post(contradiction, version(MODERN)))).toBe('era-mismatch 400 -32020');
  });

  it('marks a refusal with the era of the header', () => {
    const refused = post('x', version(MODERN));
    expect(refused.ok ? undefined : refused.refusal.era).toBe('modern');
  });
});

describe('mirrored headers', () => {
  it.each([
    ['search', 'search'],
    ['search', ' search\t'],
    ['search', '=?base64?c2VhcmNo?='],
    ['Zürich', '=?base64?WsO8cmljaA==?='],
    ['=?base64?x?=', '=?base64?PT9iYXNlNjQ/eD89?='],
    ['', ''],
    ['=?base64?=', '=?base64?=='],
  ])('[parse:mirrors] accepts the name %j under Mcp-Name: %s', (name, header) => {
    expect(verdict(withName(name, header))).toBe(header === '=?base64?==' ? 'mirror-mismatch 400 -32020' : 'ok');
  });

  it.each([
    ['search', 'Search'],
    ['search', 'cheap'],
    ['search', ''],
    ['search', 'search,search'],
    ['search', '=?base64?c2VhcmNo'],
    ['search', '=?BASE64?c2VhcmNo?='],
    ['search', '=?base64?c2Vh cmNo?='],
    ['search', '=?base64?c2VhcmNo====?='],
    ['Zürich', '=?base64?WsO8cmljaA?='],
    ['Zürich', '=?base64?WsO8cmljaB==?='],
    ['\ufffd', '=?base64?/w==?='],
    ['a>>', '=?base64?YT4-?='],
    ['Zürich', 'Zürich'],
    ['=?base64?x?=', '=?base64?x?='],
  ])('[parse:mirrors] refuses the name %j under Mcp-Name: %s', (name, header) => {
    expect(verdict(withName(name, header))).toBe('mirror-mismatch 400 -32020');
  });

  it.each([
    ['tools/call', { name: 'a', uri: 'b', taskId: 'c' }, 'a'],
    ['prompts/get', { name: 'a', uri: 'b' }, 'a'],
    ['resources/read', { name: 'a', uri: 'b' }, 'b'],
    ['tasks/get', { name: 'a', taskId: 'c' }, 'c'],
  ])('[parse:mirrors] compares Mcp-Name of %s with its own member', (method, params, name) => {
    const answer = (header: string) =>
      verdict(post(request(method, params), [...version(MODERN), ['Mcp-Name', header], ['Mcp-Method', method]]));
    expect(answer(name)).toBe('ok');
    for (const other of ['a', 'b', 'c'].filter((each) => each !== name)) expect(answer(other)).toBe('mirror-mismatch 400 -32020');
  });

  it('[parse:mirrors] refuses an Mcp-Name for a member that is no string, and lets one be where none is defined', () => {
    const lines: Lines = [...version(MODERN), ['Mcp-Name', 'a']];
    expect(verdict(post(request('prompts/get', { name: 1 }), lines))).toBe('mirror-mismatch 400 -32020');
    expect(verdict(post(request('resources/read', {}), lines))).toBe('mirror-mismatch 400 -32020');
    expect(verdict(post(request('tools/list', {}), modernLines('tools/list', 'a')))).toBe('ok');
  });

  it('[parse:mirrors] compares Mcp-Method of requests and notifications', () => {
    const lines = (method: string): Lines => [...version(MODERN), ['mcp-method', method]];
    expect(verdict(post(modernCall(), [...lines('tools/call'), ['Mcp-Name', 'search']]))).toBe('ok');
    expect(verdict(post(modernCall(), lines('Tools/Call')))).toBe('mirror-mismatch 400 -32020');
    expect(verdict(post('{"jsonrpc":"2.0","method":"notifications/x"}', lines('notifications/y')))).toBe('mirror-mismatch 400 -32020');
  });

  it('[parse:mirrors-required] refuses a modern request without Mcp-Method, and without Mcp-Name where its method needs one', () => {
    const answer = (method: string, params: object, lines: Lines) => verdict(post(request(method, params), [...version(MODERN), ...lines]));
    const missing = 'mirror-missing 400 -32020';
    for (const [method, params] of [
      ['tools/call', { name: 'a' }],
      ['prompts/get', { name: 'a' }],
      ['resources/read', { uri: 'a' }],
    ] as const) {
      expect(answer(method, params, [])).toBe(missing);
      expect(answer(method, params, [['Mcp-Name', 'a']])).toBe(missing);
      expect(answer(method, params, [['Mcp-Method', method]])).toBe(missing);
      expect(
        answer(method, params, [
          ['Mcp-Method', method],
          ['Mcp-Name', 'a'],
        ]),
      ).toBe('ok');
    }
    expect(answer('tools/list', {}, [])).toBe(missing);
    for (const method of ['tools/list', 'server/discover', 'subscriptions/listen', 'tasks/get', 'prompts/get']) {
      expect(answer(method, {}, [['Mcp-Method', method]])).toBe('ok');
    }
  });

  it('[parse:mirrors-required] asks none of a notification, for which the revision defines none', () => {
    expect(verdict(post('{"jsonrpc":"2.0","method":"notifications/x"}', version(MODERN)))).toBe('ok');
  });

  it('[parse:mirrors-legacy] pays no heed to them in the legacy era', () => {
    const lines: Lines = [['Mcp-Method', 'ping'], ['Mcp-Name', 'cheap'], ...version('2025-11-25')];
    expect(messageOf(post(call(), lines))).toMatchObject({ method: 'tools/call', tool: 'search', era: 'legacy' });
  });
});
