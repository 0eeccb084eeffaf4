import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { classifyBody, startJudge } from '../../../src/mcp/classify.ts';
import { call, head, type Lines } from './support.ts';

const types = [
  'text/plain',
  'application/octet-stream',
  'application/json',
  'application/x-www-form-urlencoded',
  'multipart/form-data; boundary=x',
  'multipart/form-data; charset=utf-7',
  'application/x-www-form-urlencoded; charset=utf-16',
];
const piece = fc.oneof(
  fc.constantFrom(' ', '\n', '\t', '\u00a0', '\u2028', '\u3000', '\ufeff', '{', '[', '\0', 'a', '"', call(), `[${call()}]`),
  fc.string({ maxLength: 5 }),
);
const bytes = fc.oneof(
  fc.array(piece, { maxLength: 6 }).map((pieces) => Buffer.from(pieces.join(''))),
  fc.uint8Array({ maxLength: 6 }).map((array) => Buffer.from(array)),
  fc.constant(Buffer.from(call(), 'utf16le')),
);

describe('the start of a body', () => {
  it('[uploads:read] is called opaque only where the whole of it would be, whatever follows', () => {
    let opaque = 0;
    fc.assert(
      fc.property(bytes, fc.nat(20), fc.constantFrom(...types), fc.boolean(), (body, cut, type, isMcpPath) => {
        const start = body.subarray(0, cut);
        const lines: Lines = [['Content-Type', type]];
        const request = head({ target: isMcpPath ? '/mcp' : '/files', lines });
        if (startJudge(request, isMcpPath)?.(start) !== 'opaque') return;
        opaque += 1;
        expect(classifyBody(body, request, isMcpPath)).toEqual({ ok: true, message: { kind: 'opaque' } });
      }),
      { numRuns: 3_000 },
    );
    expect(opaque).toBeGreaterThan(100);
  });

  it('[uploads:read] is not judged by half a letter', () => {
    const judge = startJudge(head({ target: '/files', lines: [['Content-Type', 'text/plain']] }), false);
    for (const mark of ['\ufeff', '\u2028', '\u00a0', '\u1680', '\u3000']) {
      const body = Buffer.from(mark + call());
      for (let cut = 0; cut < Buffer.byteLength(mark); cut++) expect(judge?.(body.subarray(0, cut))).toBe('undecided');
    }
  });

  it('[uploads:read] tells nothing on an MCP path, forms apart, nor in an encoding that hides ASCII', () => {
    const judge = (type: string, isMcpPath: boolean) =>
      startJudge(head({ lines: [['Content-Type', type]] }), isMcpPath)?.(Buffer.from('a=b'));
    expect(judge('text/plain', true)).toBeUndefined();
    expect(judge('text/plain', false)).toBe('opaque');
    expect(judge('application/x-www-form-urlencoded', true)).toBe('opaque');
    expect(judge('text/plain; charset=utf-7', false)).toBeUndefined();
  });
});
