import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { compile } from '../../../src/cli/cel/compile.ts';
import { admit } from '../../../src/inject/admit.ts';
import { valueAt } from '../../../src/inject/raw.ts';
import { TEMPLATES } from '../../../src/inject/workload.ts';
import { PREFIX } from '../../../src/lib/prefix.ts';
import { type Golden, readGoldens } from '../inject/golden-file.ts';

interface Registration {
  readonly matchConditions: readonly { readonly name: string; readonly expression: string }[];
  readonly namespaceSelector: { readonly matchExpressions: readonly { key: string; operator: string; values: string[] }[] };
}
const file = readFileSync(join(import.meta.dirname, '../../../manifests/base/webhook.yaml'), 'utf8');
const [registration] = (parse(file) as { webhooks: Registration[] }).webhooks as [Registration];
const conditions = registration.matchConditions.map(({ name, expression }) => ({ name, holds: compile(expression) }));

/** The conditions that keep a request from us, by name; none: the apiserver asks us. */
function keptBy({ kind, object, oldObject = null }: { kind: string; object: unknown; oldObject?: unknown }): string[] {
  const variables = { object: asDecoded(object), oldObject: asDecoded(oldObject), request: { kind: { kind } } };
  return conditions.filter(({ holds }) => !holds(variables)).map(({ name }) => name);
}

/** As an apiserver has it, which has read it into its own types: a map or list that is null is none. */
function asDecoded(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(asDecoded);
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, each]) => each !== null)
      .map(([key, each]) => [key, asDecoded(each)]),
  );
}

/** The same without any annotation of ours, wherever it stood. */
function withoutOurs<T>(value: T): T {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(withoutOurs) as T;
  const rest = Object.entries(value).filter(([key]) => !key.startsWith(PREFIX));
  return Object.fromEntries(rest.map(([key, each]) => [key, withoutOurs(each)])) as T;
}

const goldens = readGoldens().map((golden) => [golden.name, golden] as const);
/** The apiserver asks about these objects as they are, so a test that expects nothing of it must not have them. */
const isAskedAbout = ({ input }: Golden) => (input.subResource ?? '') === '';

describe('what the apiserver asks us about', () => {
  it.each(goldens)('[selection:unannotated] is nothing without an annotation of ours: %s', (_, { input }) => {
    const { kind, object, oldObject } = input;
    expect(keptBy({ kind, object: withoutOurs(object), oldObject: withoutOurs(oldObject ?? null) })).toContain('one-of-our-annotations');
  });

  it.each(goldens)('[selection:complete] is all that we would do something about: %s', (_, golden) => {
    const { patch, allowed, warnings } = admit(golden.input, golden.facts);
    if (!isAskedAbout(golden) || (patch.length === 0 && allowed && warnings.length === 0)) return;
    const isMirror = valueAt(golden.input.object, ['metadata', 'annotations', 'kubernetes.io/config.mirror']) !== undefined;
    expect(keptBy(golden.input)).toEqual(isMirror ? ['no-mirror-pod'] : []);
  });

  it('[selection:unannotated] is no mirror pod and nothing that is being deleted', () => {
    const annotations = { [`${PREFIX}inject`]: 'true' };
    const mirror = { metadata: { annotations: { ...annotations, 'kubernetes.io/config.mirror': 'x' } } };
    expect(keptBy({ kind: 'Pod', object: mirror })).toEqual(['no-mirror-pod']);
    const deleting = { metadata: { annotations, deletionTimestamp: '2026-11-21T00:00:00Z' } };
    expect(keptBy({ kind: 'Pod', object: deleting, oldObject: { metadata: { annotations } } })).toEqual(['not-being-deleted']);
    expect(keptBy({ kind: 'Pod', object: { metadata: { annotations } } })).toEqual([]);
  });

  it.each([...TEMPLATES])('[selection:complete] is a %s whose template alone asks for the sidecar', (kind, template) => {
    const annotatedBy = (key: string) => {
      const spec = template
        .slice(1)
        .reduceRight<unknown>((inner, step) => ({ [step]: inner }), { metadata: { annotations: { [key]: 'true' } } });
      return { kind, object: { metadata: {}, spec } };
    };
    expect(keptBy(annotatedBy(`${PREFIX}inject`))).toEqual([]);
    for (const key of ['mcp-sluice.development/inject', 'mcp-sluice/inject', 'mcp.dev/inject']) {
      expect(keptBy(annotatedBy(key))).toEqual(['one-of-our-annotations']);
    }
  });

  it('[selection:complete] is what loses our annotations, too, whose work has to be taken back', () => {
    const metadata = { annotations: { [`${PREFIX}inject`]: 'true' } };
    expect(keptBy({ kind: 'Deployment', object: { metadata: {}, spec: {} }, oldObject: { metadata } })).toEqual([]);
  });

  it('[selection:namespaces] is neither in our own namespace nor in kube-system, nor where the label takes us out', () => {
    const { matchExpressions } = registration.namespaceSelector;
    const isSelected = (labels: Record<string, string>) =>
      matchExpressions.every(({ key, operator, values }) => operator === 'NotIn' && !values.includes(labels[key] ?? ''));
    const named = (name: string) => ({ 'kubernetes.io/metadata.name': name });
    expect(['shop', 'kube-system', 'mcp-sluice-system'].map((name) => isSelected(named(name)))).toEqual([true, false, false]);
    expect(isSelected({ ...named('shop'), 'mcp-sluice.dev/webhook': 'ignore' })).toBe(false);
  });
});
