import { describe, expect, it } from 'vitest';
import { messageOf, post, verdict } from './support.ts';

const initialize = (clientInfo: string) => post(`{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"clientInfo":${clientInfo}}}`);
const nameOf = (clientInfo: string) => {
  const message = messageOf(initialize(clientInfo));
  return message.kind === 'request' ? message.clientInfo?.name : undefined;
};

describe('who a client says it is', () => {
  it('[rejection:words] is read from initialize', () => {
    expect(nameOf('{"name":"claude \\u0061i","version":"1"}')).toBe('claude ai');
    expect(nameOf('{"version":"1"}')).toBeUndefined();
    expect(nameOf('"x"')).toBeUndefined();
    expect(nameOf('{"title":{"name":"no"}}')).toBeUndefined();
  });

  it('[rejection:words] is nobody where the name is no text, half a character or too long, and never a fault', () => {
    for (const name of ['5', 'null', '["a"]', '{"name":"a"}', '"\\ud800"', `"${'a'.repeat(300)}"`]) {
      expect([verdict(initialize(`{"name":${name}}`)), nameOf(`{"name":${name}}`)]).toEqual(['ok', undefined]);
    }
    expect(verdict(initialize('{"Name":"a"}'))).toBe('ok');
  });

  it('[rejection:words] is read nowhere else', () => {
    const message = messageOf(
      post('{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"t","arguments":{"clientInfo":{"name":"a"}}}}'),
    );
    expect(message).not.toHaveProperty('clientInfo');
  });
});
