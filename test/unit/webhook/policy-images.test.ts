import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { compile } from '../../../src/cli/cel/compile.ts';

interface Policy {
  readonly spec: {
    readonly variables: readonly { readonly name: string; readonly expression: string }[];
    readonly validations: readonly { readonly expression: string }[];
  };
}
const file = join(import.meta.dirname, '../../../manifests/base/policy-images.yaml');
// The policy comes before its binding.
const [{ spec }] = parseAllDocuments(readFileSync(file, 'utf8')).map((document) => document.toJS()) as [Policy];

/** True where all validations hold for the creation of a pod with these images in our containers. */
function isAllowed(data: Readonly<Record<string, string>> | undefined, ...images: readonly string[]): boolean {
  const variables = {};
  const initContainers = images.map((image, index) => ({ name: index === 0 ? 'mcp-sluice' : 'mcp-sluice-capture', image }));
  const object = { metadata: { name: 'p' }, spec: { initContainers } };
  const all = { object, oldObject: null, request: { operation: 'CREATE' }, params: { ...(data && { data }) }, variables };
  for (const { name, expression } of spec.variables)
    Object.defineProperty(variables, name, { enumerable: true, get: () => compile(expression)(all) });
  return spec.validations.every(({ expression }) => compile(expression)(all) === true);
}

describe('the policy on images', () => {
  it('[policy:image] takes those of all live replicas, as the webhook names them, and no other', () => {
    const data = { current: 'r/s:3', previous: 'r/s:2', rolling: 'r/s:1 r/s:0' };
    for (const image of ['r/s:3', 'r/s:2', 'r/s:1', 'r/s:0']) expect([image, isAllowed(data, image, image)]).toEqual([image, true]);
    for (const image of ['r/s:4', 'r/s', 's:1', 'r/s:1 r/s:0', ' ', '', 'r/s:1\n'])
      expect([image, isAllowed(data, image), isAllowed(data, 'r/s:3', image)]).toEqual([image, false, false]);
  });

  it('[policy:image] takes none while the installation has named none, nor what is no image for want of a third', () => {
    expect([isAllowed(undefined, 'r/s:1'), isAllowed({}, 'r/s:1'), isAllowed({}, ''), isAllowed({ current: 'r/s:1' }, '')]).toEqual([
      ...[false, false, false, false],
    ]);
    expect(isAllowed({ current: 'r/s:1' }, 'r/s:1')).toBe(true);
  });
});
