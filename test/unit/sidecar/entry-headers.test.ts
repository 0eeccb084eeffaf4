import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { entryRequestHeaders, entryResponseHeaders } from '../../../sidecar/entry-headers.ts';

const bytes = (lines: readonly string[]) => lines.map((line) => Buffer.from(line, 'latin1'));
const text = (lines: readonly Uint8Array[]) => lines.map((line) => Buffer.from(line).toString('latin1'));
const send = (received: readonly string[], configured: readonly string[] = []) =>
  entryRequestHeaders(received, { host: 'remote.test:8443', configured });

describe('the headers of a request to a remote', () => {
  it('[entry:request-headers] are those of the protocol, as the app wrote them', () => {
    const protocol = [
      ...['Accept', 'application/json, text/event-stream', 'content-type', 'application/json', 'Content-Length', '5'],
      ...['MCP-Protocol-Version', '2025-11-25', 'Mcp-Session-Id', 's', 'Mcp-Method', 'tools/call', 'Mcp-Name', 'x'],
      ...['Mcp-Param-Region', 'eu', 'Last-Event-ID', '7', 'User-Agent', 'app/1', 'traceparent', '00-a-b-01'],
    ];
    expect(send(protocol)).toEqual(['Host', 'remote.test:8443', ...protocol]);
  });

  it('[entry:request-headers] are no others, however they are spelt', () => {
    const inbound = [
      'Authorization',
      'authorization',
      'Proxy-Authorization',
      'Cookie',
      'cookie2',
      'Forwarded',
      'X-Forwarded-For',
      'X-Real-IP',
    ];
    const more = [
      'X-User',
      'X-Api-Key',
      'Origin',
      'Referer',
      'tracestate',
      'baggage',
      'Mcp_Session_Id',
      'mcp-session-id ',
      'X-Mcp-Name',
      'Host',
    ];
    expect(send([...inbound, ...more].flatMap((name) => [name, 'secret']))).toEqual(['Host', 'remote.test:8443']);
  });

  it('[entry:request-headers] never hold a value that came under another name', () => {
    const name = fc.oneof(fc.constantFrom('authorization', 'cookie', 'x-forwarded-for', 'host'), fc.stringMatching(/^[A-Za-z_-]{1,24}$/));
    fc.assert(
      fc.property(fc.array(name), (names) => {
        const sent = send(names.flatMap((each, i) => [each, `value-${i}`]));
        const kept = sent.filter((_, i) => i % 2 === 0).slice(1);
        expect(kept.every((each) => /^(accept|content-|last-event-id$|mcp-|traceparent$|user-agent$)/i.test(each))).toBe(true);
        expect(sent.filter((_, i) => i % 2 === 1).slice(1)).toEqual(
          names.flatMap((each, i) => (kept.includes(each) ? [`value-${i}`] : [])),
        );
      }),
    );
  });

  it('[entry:configured-headers] hold the configured ones in place of those of the app', () => {
    expect(
      send(['User-Agent', 'app/1', 'Accept', '*/*', 'Authorization', 'inbound'], ['user-agent', 'ours', 'Authorization', 'Bearer x']),
    ).toEqual([...['Host', 'remote.test:8443', 'Accept', '*/*'], ...['user-agent', 'ours', 'Authorization', 'Bearer x']]);
  });
});

describe('the headers of an answer of a remote', () => {
  it('[entry:response-headers] are those of the protocol and of its content', () => {
    const protocol = [
      ...['Content-Type', 'text/event-stream', 'Content-Encoding', 'gzip', 'content-length', '7', 'Mcp-Session-Id', 's'],
      ...['Retry-After', '3', 'RateLimit', '"a";r=1;t=2', 'RateLimit-Policy', '"a";q=1;w=2', 'Cache-Control', 'no-store'],
    ];
    expect(text(entryResponseHeaders(bytes(protocol)))).toEqual(protocol);
  });

  it('[entry:response-headers] are no others', () => {
    const names = [
      'Set-Cookie',
      'set-cookie2',
      'WWW-Authenticate',
      'Proxy-Authenticate',
      'Location',
      'Content-Location',
      'Link',
      'Alt-Svc',
    ];
    const more = [
      'Strict-Transport-Security',
      'Access-Control-Allow-Origin',
      'Refresh',
      'Server',
      'X-Powered-By',
      'Connection',
      'Transfer-Encoding',
    ];
    expect(entryResponseHeaders(bytes([...names, ...more].flatMap((name) => [name, 'Content-Type'])))).toEqual([]);
  });

  it('[entry:response-headers] are none that Connection names', () => {
    const hop = ['X-Request-Id', '1', 'Connection', 'keep-alive, x-request-id', 'Vary', 'Accept', 'connection', ' Mcp-Session-Id '];
    expect(text(entryResponseHeaders(bytes([...hop, 'Mcp-Session-Id', 's'])))).toEqual(['Vary', 'Accept']);
  });
});
