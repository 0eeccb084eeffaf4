import { describe, expect, it } from 'vitest';
import { judgeOrigin } from '../../../sidecar/origin.ts';

const judge = (headers: Record<string, string>, at: { loopback?: boolean; version?: string } = {}) =>
  judgeOrigin({ rawHeaders: Object.entries(headers).flat(), httpVersion: at.version ?? '1.1', isLoopbackListener: at.loopback ?? false })
    ?.status;

describe('Host', () => {
  it.each(['mcp.example', 'mcp.example:8080', '10.0.0.1', '[fd00::1]:80', 'MCP_server.', 'localhost'])('may be %s in a pod', (Host) => {
    expect(judge({ Host })).toBeUndefined();
  });

  it.each(['', 'a b', 'user@host', 'a/b', 'a:b', 'a,b', 'fd00::1', 'http://a', '..', 'a:999999'])(
    '[sidecar:host] is refused as %j',
    (Host) => {
      expect(judge({ Host })).toBe(400);
    },
  );

  it('[sidecar:host] must be there in HTTP/1.1, and need not in 1.0', () => {
    expect([judge({}), judge({}, { version: '1.0' })]).toEqual([400, undefined]);
  });

  it.each(['localhost:8080', '127.0.0.1:8080', '127.1.2.3', '[::1]:8080', 'LOCALHOST.'])('may be %s on a loopback listener', (Host) => {
    expect(judge({ Host }, { loopback: true })).toBeUndefined();
  });

  it.each(['evil.example', '10.0.0.1:80', 'localhost.evil.example', '127.0.0.1.evil.example', '0.0.0.0'])(
    '[sidecar:rebinding] is refused as %s on a loopback listener',
    (Host) => {
      expect(judge({ Host }, { loopback: true })).toBe(403);
    },
  );
});

describe('Origin', () => {
  it.each([
    ['the same host', 'https://mcp.example', 'mcp.example:8080'],
    ['the same host in other case', 'https://MCP.example', 'mcp.EXAMPLE'],
    ['the same address', 'http://[fd00::1]:3000', '[fd00::1]'],
  ])('may be %s', (_, Origin, Host) => {
    expect(judge({ Host, Origin })).toBeUndefined();
  });

  it.each([
    'https://evil.example',
    'null',
    '',
    'file://',
    'https://mcp.example.evil.example',
    'https://mcp.example/',
    'mcp.example',
    'chrome-extension://abc',
  ])('[sidecar:origin] is refused as %j', (Origin) => {
    expect(judge({ Host: 'mcp.example', Origin })).toBe(403);
  });

  it('may be any loopback name on a loopback listener, and on no other', () => {
    const headers = { Host: '127.0.0.1:8080', Origin: 'http://localhost:6274' };
    expect([judge(headers, { loopback: true }), judge(headers)]).toEqual([undefined, 403]);
    expect(judge({ ...headers, Origin: 'http://evil.example' }, { loopback: true })).toBe(403);
  });
});
