import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { judgePath } from '../../../src/mcp/paths.ts';
import { anyChar } from './oracle.ts';

describe('paths', () => {
  it.each(['/mcp', '/mcp/', '/mcp/x', '/mcp?x=/../y', '/mcp/../admin', '/mcp/%2e%2e/x', '/mcp//', '/api/v1/mcp', '/api/v1/mcp/s'])(
    '[paths:segments] takes %s for an MCP path',
    (target) => {
      expect(judgePath(target, ['/mcp', '/api/v1/mcp/'])).toBe('mcp');
    },
  );

  it.each([
    ...[
      '/',
      '/mcpx',
      '/mcp-admin',
      '/mcp.json',
      '/x/mcp',
      '/api/mcp',
      '/api/v1',
      '/a/../b',
      '/%',
      '/caf%C3%A9',
      '/x?next=/mcp',
      '/x?/../mcp',
      '/x%3f/mcp',
    ],
    ...['/mcp%2dx', '/%zz', '/a;b=/c', '/.well-known/oauth-authorization-server/mcp', '/mc/p', '//x', '/assets/a+b@2.png'],
  ])('[paths:segments] takes %s for another path', (target) => {
    expect(judgePath(target, ['/mcp', '/api/v1/mcp'])).toBe('elsewhere');
  });

  it.each([
    ...[
      '/MCP',
      '/Mcp/x',
      '//mcp',
      '///mcp',
      '/./mcp',
      '/x/../mcp',
      '/x/../../mcp',
      '/..;/mcp',
      '/x;/../mcp',
      '/mcp;a=b',
      '/mcp;',
      '/;x/mcp',
    ],
    ...[
      '/%6dcp',
      '/%6Dcp/x',
      '/%256dcp',
      '/%25256dcp',
      '/m%63p',
      '/%2fmcp',
      '/x%2f..%2fmcp',
      '/x/%2e%2e/mcp',
      '/x/.%2E/mcp',
      '/%252e%252e/mcp',
    ],
    ...[
      '\\mcp',
      '/\\mcp',
      '/x\\..\\mcp',
      '/%5cmcp',
      '/mcp%00',
      '/mcp%00.html',
      '/%00mcp',
      '/mcp%20',
      '/mcp%09',
      '/%0amcp',
      '/mcp%3fx',
      '/mcp%23',
      '/mcp#x',
    ],
    ...[
      '/%EF%BD%8Dcp',
      '/\uff4d\uff43\uff50',
      '/%u006dcp',
      '/%uff4dcp',
      '/%c0%af/mcp',
      '/x/%c0%ae%c0%ae/mcp',
      '/%c1%adcp',
      '/%EF%BC%8Fmcp',
      '//evil.example/mcp',
    ],
    ...['/a%2fb/../mcp', '/x//../mcp/', '/mcp%2fx', '/mcp%2F', `/%${'25'.repeat(20)}6dcp`, '/mcp%5c', '/mcp\\x'],
  ])('[paths:alias] takes %s for another spelling of an MCP path', (target) => {
    expect(judgePath(target, ['/mcp'])).toBe('alias');
  });

  it('[paths:alias] compares with prefixes of several segments and of mixed case', () => {
    expect(judgePath('/API/v1/mcp', ['/api/v1/mcp'])).toBe('alias');
    expect(judgePath('/api/mcp', ['/API/mcp'])).toBe('alias');
    expect(judgePath('/api//mcp', ['/api/mcp'])).toBe('alias');
    expect(judgePath('/api/x/../mcp', ['/api/mcp'])).toBe('alias');
    expect(judgePath('/x//../mcp', ['/x/mcp'])).toBe('alias');
    expect(judgePath('/tas\u212as', ['/tasks'])).toBe('alias');
  });

  it('takes every path for MCP under the prefix /, and where there is no prefix', () => {
    for (const prefixes of [['/'], []]) {
      for (const target of ['/', '/x', '/x/../y', '/%6d', '//x?y']) expect(judgePath(target, prefixes)).toBe('mcp');
    }
  });

  it('[parse:well-known] excepts well-known documents from all, in their plain spelling', () => {
    expect(judgePath('/.well-known/oauth-protected-resource/mcp?x=1', [])).toBe('elsewhere');
    for (const target of [
      '/.well-known/../mcp',
      '/.well-known/%2e%2e/mcp',
      '/.well-known/..;/mcp',
      '/.well-known/x\\..\\..',
      '/.Well-Known/x',
      '/.well-known',
      '//.well-known/x',
    ]) {
      expect(judgePath(target, [])).toBe('mcp');
    }
  });

  it('[paths:alias] never takes an encoded, cased or padded spelling of an MCP path for another path', () => {
    const spelling = fc
      .array(fc.tuple(fc.boolean(), fc.boolean(), fc.constantFrom('', '', '/', '/.', '//', ';x')), { minLength: 4, maxLength: 4 })
      .map((marks) =>
        marks.map(([isEncoded, isUpper, padding], index) => {
          const char = isUpper ? ('/mcp'[index] ?? '').toUpperCase() : ('/mcp'[index] ?? '');
          const text = isEncoded ? `%${char.charCodeAt(0).toString(16)}` : char;
          return index === 0 ? (padding.startsWith('/') ? padding : '') + text : text;
        }),
      )
      .map((parts) => parts.join(''));
    fc.assert(
      fc.property(spelling, fc.constantFrom('', '/', '/x', '?q', ';p'), (path, tail) => {
        const target = path.startsWith('/') ? `${path}${tail}` : `/${path}${tail}`;
        expect(judgePath(target, ['/mcp'])).toBe(/^\/mcp(?:[/?]|$)/.test(target) ? 'mcp' : 'alias');
      }),
    );
  });

  it('never throws, whatever the target', () => {
    fc.assert(
      fc.property(fc.string({ unit: anyChar }), fc.array(fc.constantFrom('%25', '%2e', '/', '\\', '%u0', '%c0', ';')), (tail, parts) => {
        expect(['mcp', 'alias', 'elsewhere']).toContain(judgePath(`/${parts.join('')}${tail}`, ['/mcp']));
      }),
    );
  });
});
