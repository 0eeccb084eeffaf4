import { describe, expect, it } from 'vitest';
import { admit } from '../../../src/inject/admit.ts';
import { applyPatch, steps } from '../../../src/inject/apply-patch.ts';
import { textAt, valueAt } from '../../../src/inject/raw.ts';
import { readGoldens } from './golden-file.ts';
import { facts, samplePod } from './samples.ts';

const ANNOTATION = /^mcp-sluice\.dev\//;
const OUR_NAME = /^(?:mcp-sluice|MCP_ENTRY_)/;
// Of a probe or hook the one handler, and nothing beside it.
const HANDLER = /\/(?:(?:startup|readiness|liveness)Probe|lifecycle\/(?:postStart|preStop))\/(?:httpGet|tcpSocket|grpc)$/;

describe('the patch', () => {
  it.each(readGoldens().map((golden) => [golden.name, golden] as const))('[inject:targeted] touches only what is ours: %s', (_, golden) => {
    for (const target of ['pods', 'templates'] as const) {
      let object = golden.input.object;
      for (const op of admit(golden.input, golden.facts, target).patch) {
        const path = steps(op.path);
        const [last = ''] = path.slice(-1);
        const before = valueAt(object, path) ?? undefined;
        const isOurs = ANNOTATION.test(last) || HANDLER.test(op.path) || OUR_NAME.test(textAt(before, 'name'));
        // An `add` to an index inserts; one to a name that is there would replace it.
        if (op.op !== 'add' || !/^\d+$/.test(last)) expect(before === undefined || isOurs, `${op.op} ${op.path}`).toBe(true);
        object = applyPatch(object, [op]);
      }
    }
  });

  it('[inject:targeted] inserts first into the init containers that are there', () => {
    const { patch } = admit({ kind: 'Pod', operation: 'CREATE', object: samplePod() }, facts);
    expect(patch.map(({ op, path }) => `${op} ${path}`)).toEqual([
      'add /spec/volumes/-',
      'add /spec/volumes/-',
      'add /spec/initContainers/0',
      'add /spec/initContainers/1',
      'add /metadata/annotations/mcp-sluice.dev~1redis',
      'add /metadata/annotations/mcp-sluice.dev~1status',
      'add /metadata/labels/mcp-sluice.dev~1injected',
    ]);
  });
});
