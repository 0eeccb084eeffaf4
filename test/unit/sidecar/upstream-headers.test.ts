import { describe, expect, it } from 'vitest';
import { upstreamHeaders } from '../../../sidecar/upstream-headers.ts';

const headers = (rawHeaders: readonly string[], facts: Partial<Parameters<typeof upstreamHeaders>[0]> = {}) =>
  upstreamHeaders({
    rawHeaders,
    upstreamHost: '127.0.0.1:8080',
    peer: '10.0.0.9',
    untrustedHeader: undefined,
    isModern: false,
    mayOpenStream: false,
    ...facts,
  });
const own = ['X-Forwarded-Host', 'mcp.example', 'X-Forwarded-Proto', 'http', 'X-Forwarded-For', '10.0.0.9'];

describe('headers towards the upstream', () => {
  it('[wire:no-session] of a modern request have no session id, under no spelling; of a legacy one they keep it', () => {
    const received = ['Host', 'mcp.example', 'Mcp-Session-Id', 'a', 'mcp_session_id', 'b', 'MCP-Protocol-Version', '2026-07-28'];
    expect(headers(received, { isModern: true })).toEqual(['Host', '127.0.0.1:8080', 'MCP-Protocol-Version', '2026-07-28', ...own]);
    expect(headers(received)).toEqual(['Host', '127.0.0.1:8080', ...received.slice(2), ...own]);
  });

  it('[sse:legible] ask for no compression of a stream whose events are read, and leave it elsewhere', () => {
    const received = ['Host', 'mcp.example', 'Accept', 'application/json, text/event-stream', 'Accept-Encoding', 'gzip'];
    expect(headers(received, { mayOpenStream: true })).not.toContain('Accept-Encoding');
    expect(headers(received)).toContain('Accept-Encoding');
    expect(headers(['Host', 'a', 'Accept', 'text/html', 'Accept-Encoding', 'gzip'], { mayOpenStream: true })).toContain('Accept-Encoding');
  });

  it('[wire:forwarded] say which host, scheme and address the client used, as Host and connection do not any more', () => {
    expect(headers(['Host', 'mcp.example'])).toEqual(['Host', '127.0.0.1:8080', ...own]);
    expect(headers(['Host', 'mcp.example'], { peer: '::ffff:10.0.0.9' })).toEqual(['Host', '127.0.0.1:8080', ...own]);
    expect(headers([], { peer: undefined })).toEqual(['Host', '127.0.0.1:8080', 'X-Forwarded-Proto', 'http']);
  });

  it('[wire:forwarded] believe a proxy before us on host and scheme, and add our peer to its list of addresses', () => {
    const received = [
      'X-Forwarded-Host',
      'a.example',
      'x-forwarded-proto',
      'https',
      'X-Forwarded-For',
      '1.2.3.4',
      'x-forwarded-for',
      '::1',
    ];
    expect(headers(['Host', 'b', ...received])).toEqual([
      'Host',
      '127.0.0.1:8080',
      ...received.slice(0, 4),
      'X-Forwarded-For',
      '1.2.3.4, ::1, 10.0.0.9',
    ]);
  });
});
