import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { explain, inject, lint, uninject } from './run.ts';

const pod = (name: string, annotations: object = {}) => ({
  ...{ apiVersion: 'v1', kind: 'Pod' },
  metadata: { name, annotations: { 'mcp-sluice.dev/inject': 'true', 'app.example/note': '}{ "\\', ...annotations } },
  spec: { containers: [{ name: 'app', image: 'x', ports: [{ name: 'mcp', containerPort: 3000 }] }] },
});
const namesIn = (json: string) =>
  (JSON.parse(json) as { items: { metadata: { name: string } }[] }).items.map(({ metadata }) => metadata.name);

describe('JSON objects one after the other', () => {
  it('[cli:json-stream] are injected and given back byte for byte, whatever space is between them', async () => {
    const object = fc.record({ indent: fc.constantFrom(undefined, 2, '\t'), space: fc.constantFrom('', '\n', '\r\n', ' \n\n  ') });
    const parts = fc.array(object, { minLength: 2, maxLength: 4 });
    await fc.assert(
      fc.asyncProperty(fc.constantFrom('', '\uFEFF', '\n '), parts, async (head, all) => {
        const text = head + all.map(({ indent, space }, index) => JSON.stringify(pod(`p${index}`), null, indent) + space).join('');
        const injected = await inject(['x.json'], { 'x.json': text });
        expect([injected.code, injected.err]).toEqual([0, '']);
        expect(injected.out.match(/"mcp-sluice",|"name": ?"mcp-sluice"/g)?.length).toBeGreaterThanOrEqual(all.length);
        const back = await uninject(['x.json'], { 'x.json': injected.out });
        expect([back.code, back.err, back.out]).toEqual([0, '', text]);
        const objects = await inject(['-o', 'json', 'x.json'], { 'x.json': text });
        expect(namesIn(objects.out)).toEqual(all.map((_, index) => `p${index}`));
      }),
      { numRuns: 12 },
    );
  });

  it('[cli:json-stream] are told of by the lines of the file', async () => {
    const text = `${JSON.stringify(pod('a'), null, 2)}\n${JSON.stringify(pod('b', { 'mcp-sluice.dev/mode': 'wrong' }), null, 2)}\n`;
    const line = text.split('\n').findIndex((each) => each.includes('"wrong"')) + 1;
    const { code, out } = await lint(['x.json'], { 'x.json': text });
    expect([code, out]).toEqual([1, expect.stringMatching(new RegExp(`^x.json:${line}: pod/b: mcp-sluice.dev/mode: `))]);
    const explained = await explain(['-o', 'json', 'x.json'], { 'x.json': text });
    expect((JSON.parse(explained.out) as { place: { line: number } }[]).map(({ place }) => place.line)).toEqual([
      1,
      text.slice(0, text.indexOf('}\n{')).split('\n').length + 1,
    ]);
    const twice = `{"kind": "Pod"}\n{"kind": "Pod",\n"kind": "Pod"}\n`;
    expect((await lint(['x.json'], { 'x.json': twice })).out).toBe('x.json:3: Map keys must be unique\n');
  });
});
