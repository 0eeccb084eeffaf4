import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import { readGoldens } from '../inject/golden-file.ts';
import { inject, uninject } from './run.ts';

const FLAGS = ['--default-redis', 'redis://r:6379'];

/** Whoever wrote a file, and with what: as `yaml` writes it, in some style. */
const style = fc.record({
  indent: fc.integer({ min: 2, max: 5 }),
  indentSeq: fc.boolean(),
  flowCollectionPadding: fc.boolean(),
  collectionStyle: fc.constantFrom('any' as const, 'block' as const, 'flow' as const),
  defaultStringType: fc.constantFrom('PLAIN' as const, 'QUOTE_DOUBLE' as const, 'QUOTE_SINGLE' as const),
  lineWidth: fc.constantFrom(0, 80),
});
const ENTRIES =
  '- {name: a, url: https://a.example, caBundle: {configMap: ca}, headers: [{name: X, secret: s, key: k}]}\n- {name: b, url: https://b.example}\n';
const annotations = fc.record(
  {
    team: fc.string({ maxLength: 40 }),
    text: fc.array(fc.constantFrom('a', '', ' b', '# no comment', '- x', '---'), { maxLength: 5 }).map((lines) => lines.join('\n')),
    'mcp-sluice.dev/bind-env': fc.constant('HOST=127.0.0.1'),
    'mcp-sluice.dev/remote-entries': fc.constantFrom(ENTRIES, '[{name: b, url: https://b.example}]'),
    'mcp-sluice.dev/rate-limit': fc.constant('shared: 3/1m\ntools:\n  a: 1/1m\n'),
  },
  { requiredKeys: [] },
);
const maybe = <T>(value: T) => fc.option(fc.constantFrom(value), { nil: undefined });
/** To the letter what we would write. */
const OWN = { name: 'MCP_ENTRY_A_URL', value: 'http://127.0.0.1:15010/a' };
const pod = fc.record(
  {
    initContainers: maybe<object[]>([{ name: 'migrate', image: 'm' }]).chain((some) => fc.constantFrom(some, [])),
    volumes: fc.constantFrom<unknown>(undefined, [], null, [{ name: 'data', emptyDir: {} }]),
    env: fc.constantFrom<unknown>(undefined, [], [{ name: 'A', value: 'b' }], [{ name: 'HOST', value: '127.0.0.1' }], [OWN]),
    labels: fc.constantFrom<unknown>(undefined, null, {}, { app: 'x' }),
    annotations,
  },
  { requiredKeys: ['annotations'] },
);
type Parts = { initContainers?: unknown; volumes?: unknown; env?: unknown; labels?: unknown; annotations: object };

function objectOf(kind: 'Pod' | 'Deployment', { initContainers, volumes, env, labels, annotations: given }: Parts): object {
  const asked = { 'mcp-sluice.dev/inject': 'true', ...given };
  const container = { name: 'app', ports: [{ containerPort: 3000 }], env };
  const spec = { volumes, initContainers, containers: [container, { name: 'b' }] };
  const defined = (value: unknown): unknown => JSON.parse(JSON.stringify(value));
  if (kind === 'Pod') return defined({ kind, metadata: { name: 'p', labels, annotations: asked }, spec }) as object;
  return defined({ kind, metadata: { name: 'd', annotations: asked }, spec: { template: { metadata: { labels }, spec } } }) as object;
}

/** Comments and empty lines where they mean nothing: between lines, but not within a text of several. */
function sprinkled(text: string, places: readonly number[]): string {
  const lines = text.split('\n');
  const isFree = (index: number) => /^\s*(- )?[\w"'][^|>]*$/.test(lines[index] ?? '') && !text.includes('|') && !text.includes('>');
  for (const place of places) {
    const index = place % lines.length;
    if (isFree(index)) lines.splice(index, 0, place % 2 === 0 ? '' : `${' '.repeat(place % 9)}# note`);
  }
  return lines.join('\n');
}

/** Also where `yaml` itself writes what it cannot read. */
function saysSame(a: string, b: string): boolean {
  try {
    return isDeepStrictEqual(parse(a, { version: '1.1' }), parse(b, { version: '1.1' }));
  } catch {
    return false;
  }
}

async function thereAndBack(source: string): Promise<string> {
  const { code, out } = await inject([...FLAGS, '-'], { '-': source });
  expect({ source, code }).toEqual({ source, code: 0 });
  expect(out).toContain('mcp-sluice-adm');
  return (await uninject(['-'], { '-': out })).out;
}

/** A busy machine takes its time; a hang is found all the same. */
const CEILING_MS = 60_000;

describe('uninject after inject', () => {
  it(
    '[cli:uninject] gives back any file byte for byte',
    async () => {
      const places = fc.array(fc.nat({ max: 10_000 }), { maxLength: 8 });
      const written = fc.record({
        kind: fc.constantFrom('Pod' as const, 'Deployment' as const),
        pod,
        style,
        places,
        newline: fc.constantFrom('\n', '\r\n'),
      });
      await fc.assert(
        fc.asyncProperty(written, async ({ kind, pod: parts, style: { indent, ...rest }, places: at, newline }) => {
          const text = stringify(objectOf(kind, parts), { indent, ...rest, version: '1.1' });
          const source = sprinkled(text, at).replaceAll('\n', newline);
          fc.pre(saysSame(source, text));
          expect(await thereAndBack(source)).toBe(source);
        }),
        { numRuns: 40 },
      );
    },
    CEILING_MS,
  );

  it(
    '[cli:uninject] gives back any JSON byte for byte',
    async () => {
      await fc.assert(
        fc.asyncProperty(
          fc.constantFrom('Pod' as const, 'Deployment' as const),
          pod,
          fc.constantFrom(0, 1, 2, 4, '\t'),
          async (kind, parts, indent) => {
            const object = objectOf(kind, parts);
            const source = JSON.stringify(object, null, indent);
            expect(await thereAndBack(source)).toBe(source);
          },
        ),
        { numRuns: 30 },
      );
    },
    CEILING_MS,
  );

  it.each(
    readGoldens()
      .filter(({ header }) => !(header.operation || header.owner || header.configMaps || header.allowedImages || header.subResource))
      .map((golden) => [golden.name, golden.source] as const),
  )('[cli:uninject] gives back what %s is made from', async (_, source) => {
    const { code, out } = await inject([...FLAGS, '-'], { '-': source });
    // Some hold parts of ours from the beginning, which go too.
    const { out: bare } = await uninject(['-'], { '-': source });
    if (code === 0) expect((await uninject(['-'], { '-': out })).out).toBe(bare);
  });
});
