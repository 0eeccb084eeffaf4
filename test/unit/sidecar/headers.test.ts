import { describe, expect, it } from 'vitest';
import { judgeHeaders, requestHeaders, responseHeaders } from '../../../sidecar/headers.ts';

const bytes = (...texts: string[]) => texts.map((text) => Buffer.from(text, 'latin1'));

describe('headers towards the upstream', () => {
  it('[sidecar:hop-by-hop] loses what is of one connection only, and what Connection names', () => {
    const received = ['Host', 'a', 'Connection', 'close, X-Mine', 'X-Mine', '1', 'TE', 'trailers', 'Upgrade', 'h2c', 'Keep-Alive', '5'];
    expect(requestHeaders([...received, 'Transfer-Encoding', 'chunked', 'Accept', '*/*'], undefined)).toEqual(['Accept', '*/*']);
  });

  it('[sidecar:hop-by-hop] [sidecar:method-override] loses them under every alias too', () => {
    const received = [
      'Transfer_Encoding',
      'chunked',
      'content_length',
      '0',
      'X-HTTP_Method-Override',
      'PUT',
      'X_Original_URL',
      '/b',
      'a_b',
      'c',
    ];
    expect(requestHeaders(received, undefined)).toEqual(['a_b', 'c']);
  });

  it('loses what is said anew: Host, Content-Length, Origin, Expect', () => {
    expect(
      requestHeaders(['host', 'a', 'content-length', '3', 'origin', 'http://a', 'expect', '100-continue', 'X', 'y'], undefined),
    ).toEqual(['X', 'y']);
  });

  it('keeps order, case and repetition of all others', () => {
    const received = ['Accept', 'a', 'X-Two', '1', 'accept', 'b', 'X-Two', '2', 'Authorization', 'Bearer x'];
    expect(requestHeaders(received, undefined)).toEqual(received);
  });

  it('[identity:stripped] loses the identity header, under its alias too, where it is not to be believed', () => {
    const received = ['X-User', 'alice', 'x_user', 'bob', 'X-Users', 'c'];
    expect(requestHeaders(received, 'x-user')).toEqual(['X-Users', 'c']);
    expect(requestHeaders(received, undefined)).toEqual(received);
  });
});

describe('headers towards the client', () => {
  it('keeps each line, byte for byte, and loses what is of one connection only', () => {
    const received = bytes(
      'Set-Cookie',
      'a=1',
      'Connection',
      'X-Hop',
      'X-Hop',
      '1',
      'set-cookie',
      'b=\xe9',
      'Transfer-Encoding',
      'chunked',
    );
    expect(responseHeaders(received, [])).toEqual(['Set-Cookie', 'a=1', 'set-cookie', 'b=\xe9']);
  });

  it.each([
    ['http://127.0.0.1:9000/mcp/?a=1', '/mcp/?a=1'],
    ['HTTP://127.0.0.1:9000', '/'],
    ['http://127.0.0.1:9000?a', '/?a'],
    ['http://127.0.0.1:9000//evil.example/', '/.//evil.example/'],
    ['http://127.0.0.1:90001/mcp', 'http://127.0.0.1:90001/mcp'],
    ['http://127.0.0.1:9000.evil.example/', 'http://127.0.0.1:9000.evil.example/'],
    ['https://login.example/', 'https://login.example/'],
    ['/mcp', '/mcp'],
  ])('[sidecar:location] turns the Location %s into %s', (location, expected) => {
    expect(responseHeaders(bytes('Location', location), ['http://127.0.0.1:9000'])).toEqual(['Location', expected]);
  });
});

describe('headers that frame a request', () => {
  it.each(['Host', 'Content-Length', 'Transfer-Encoding', 'Origin', 'Expect'])('[sidecar:duplicate-header] refuses %s twice', (name) => {
    const value = name === 'Transfer-Encoding' ? 'chunked' : '1';
    expect(judgeHeaders([name, value, name.toLowerCase(), value])).toMatchObject({ rung: 'bounds:duplicate-header', status: 400 });
  });

  it.each(['gzip, chunked', 'identity', 'chunked, chunked', ''])('refuses the transfer coding %j', (coding) => {
    expect(judgeHeaders(['Transfer-Encoding', coding])).toMatchObject({ rung: 'bounds:transfer-encoding' });
  });

  it('lets a plain request pass', () => {
    expect(judgeHeaders(['Host', 'a', 'Transfer-Encoding', 'Chunked', 'Accept', 'a', 'Accept', 'b'])).toBeUndefined();
  });
});
