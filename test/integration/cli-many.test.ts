import { describe, expect, it, vi } from 'vitest';
import { inject, lint } from '../unit/cli/run.ts';

// In an integration test, as unit tests share the modules that they have loaded, and mocks come too late for those.
const counted = vi.hoisted(() => ({ parsed: 0, reads: 0 }));

vi.mock('yaml', async (original) => {
  const yaml = await original<typeof import('yaml')>();
  const counting =
    <R>(parse: (text: string, options?: object) => R) =>
    (text: string, options?: object): R => {
      counted.parsed += text.length;
      return parse(text, options);
    };
  return { ...yaml, parseAllDocuments: counting(yaml.parseAllDocuments), parseDocument: counting(yaml.parseDocument) };
});
vi.mock('../../src/inject/raw.ts', async (original) => {
  const raw = await original<typeof import('../../src/inject/raw.ts')>();
  const textAt: typeof raw.textAt = (...given) => {
    counted.reads += 1;
    return raw.textAt(...given);
  };
  return { ...raw, textAt };
});

function pods(count: number): string {
  const one = (name: string) =>
    `apiVersion: v1\nkind: Pod\nmetadata: {name: ${name}, annotations: {mcp-sluice.dev/inject: "true"}}\nspec: {containers: [{name: app, image: x, ports: [{name: mcp, containerPort: 3000}]}]}\n`;
  return Array.from({ length: count }, (_, index) => one(`p${1000 + index}`)).join('---\n');
}

/** What it takes to go through pods of that number. */
async function costOf(command: typeof lint, count: number): Promise<{ parsed: number; reads: number }> {
  Object.assign(counted, { parsed: 0, reads: 0 });
  const { code, err } = await command(['x.yaml'], { 'x.yaml': pods(count) });
  expect([code, err]).toEqual([0, '']);
  return { ...counted };
}

describe('many objects in one file', () => {
  it('[cli:many] parses a file once to lint it', async () => {
    expect((await costOf(lint, 20)).parsed).toBe(pods(20).length);
  });

  it('[cli:many] takes twice the work for twice the objects', async () => {
    for (const [command, count] of [
      [lint, 60],
      [inject, 10],
    ] as const) {
      const [some, twice] = [await costOf(command, count), await costOf(command, 2 * count)];
      // A separator more, as often as a document is parsed.
      expect(twice.parsed).toBeLessThanOrEqual(2 * some.parsed + 40);
      expect(twice.reads).toBeLessThanOrEqual(2 * some.reads);
    }
  });
});
