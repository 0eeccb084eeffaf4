import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { EntryMessages } from '../../../sidecar/entry-messages.ts';

const entry = { name: 'docs', url: 'https://remote.test:8443/v1/sse' };

describe('the message addresses of an entry', () => {
  it.each([
    ['/v1/messages?sessionId=a', '/docs/v1/messages?sessionId=a'],
    ['messages?sessionId=a', '/docs/v1/messages?sessionId=a'],
    ['?sessionId=a', '/docs/v1/sse?sessionId=a'],
    ['https://remote.test:8443/messages', '/docs/messages'],
    ['HTTPS://REMOTE.test:8443/messages#part', '/docs/messages'],
    ['//remote.test:8443/messages', '/docs/messages'],
    ['https://remote.test:8443//evil.test/x', '/docs//evil.test/x'],
    ['/a/../b', '/docs/b'],
  ])('[entry:sse] are below its path: %s', (data, reference) => {
    expect(new EntryMessages(entry).read(data)).toMatchObject({ reference, target: reference });
  });

  it.each([
    'https://evil.test/messages',
    '//evil.test/messages',
    '/\\evil.test/messages',
    'https://remote.test/messages',
    'http://remote.test:8443/messages',
    'https://remote.test:8443@evil.test/messages',
    'javascript:alert(1)',
    'data:text/plain,x',
    'blob:https://remote.test:8443/messages',
  ])('[entry:sse-origin] are of its origin: %s is not', (data) => {
    expect(new EntryMessages(entry).read(data)).toBe('foreign');
  });

  it('[entry:sse-origin] lead nowhere else, whatever a remote writes', () => {
    const part = fc.oneof(
      fc.constantFrom('/', '//', '\\', '?', '#', ':', '@', '..', '.', 'https:', 'http:', '%2f', ' ', '\t', 'evil.test', 'remote.test:8443'),
      fc.string(),
    );
    const data = fc.oneof(
      fc.webUrl({ withQueryParameters: true }),
      fc.array(part, { maxLength: 6 }).map((parts) => parts.join('')),
    );
    fc.assert(
      fc.property(data, (text) => {
        const messages = new EntryMessages(entry);
        const read = messages.read(text);
        if (read === 'foreign' || read === undefined) return;
        const forApp = new URL(read.reference, 'http://127.0.0.1:15010/docs');
        expect([forApp.origin, forApp.pathname.startsWith('/docs/')]).toEqual(['http://127.0.0.1:15010', true]);
        messages.open(read.target);
        const target = messages.find(forApp.pathname + forApp.search) ?? '';
        expect(target).toBe(new URL(text, entry.url).pathname + new URL(text, entry.url).search);
        expect(target).toMatch(/^\/[\x21-\x7e]*$/);
      }),
      { numRuns: 100 },
    );
  });

  it('[entry:sse] are nothing where the data are no reference', () => {
    expect(new EntryMessages(entry).read('https://[')).toBeUndefined();
  });

  it('[entry:sse-open] are found as long as a stream that announced them is open, and no others', () => {
    const messages = new EntryMessages(entry);
    const first = messages.open('/docs/messages?sessionId=a');
    const second = messages.open('/docs/messages?sessionId=a');
    expect(messages.find('/docs/messages?sessionId=a')).toBe('/messages?sessionId=a');
    for (const other of [
      '/docs/messages',
      '/docs/messages?sessionId=b',
      '/docs/admin',
      '/docs/messages?sessionId=a&x',
      '//docs/messages',
      '*',
    ])
      expect(messages.find(other)).toBeUndefined();
    first();
    first();
    expect(messages.find('/docs/messages?sessionId=a')).toBe('/messages?sessionId=a');
    second();
    expect(messages.find('/docs/messages?sessionId=a')).toBeUndefined();
  });

  it('[entry:sse-open] are found by what a client makes of them once it has resolved them', () => {
    const messages = new EntryMessages(entry);
    messages.open('/docs/messages?sessionId=%20a');
    expect(messages.find('/docs/./messages?sessionId= a')).toBe('/messages?sessionId=%20a');
  });
});
