import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { parse, parseAllDocuments, stringify } from 'yaml';
import type { AdmitInput, Facts } from '../../../src/inject/facts.ts';
import { textAt } from '../../../src/inject/raw.ts';

/** One situation: facts and object, then what is expected of `admit`, then of the CLI where that differs. */
export interface Golden {
  readonly name: string;
  readonly situation: string;
  readonly input: AdmitInput;
  readonly facts: Facts;
  /** The object as it stands in the file, comments included. */
  readonly source: string;
  readonly header: Header;
  readonly expected: readonly string[];
}

interface Header {
  readonly situation: string;
  readonly operation?: 'UPDATE';
  readonly subResource?: string;
  readonly image?: string;
  readonly allowedImages?: string[];
  readonly namespace?: { name?: string; annotations?: Record<string, string>; labels?: Record<string, string> };
  readonly defaults?: Record<string, string>;
  readonly configMaps?: Record<string, 'missing' | 'unreadable' | Record<string, string>>;
  readonly imagePullSecrets?: string[];
  readonly owner?: { kind: string; name: string };
  readonly oldObject?: unknown;
}

const FOLDER = new URL('../../golden/inject/', import.meta.url);
const LINE = '----------\n';
export const IMAGE = 'ghcr.io/mcp-sluice/mcp-sluice:0.2.0';
export const NOW_MS = Date.UTC(2026, 10, 21);

export function readGoldens(): Golden[] {
  const names = readdirSync(FOLDER).filter((name) => name.endsWith('.yaml'));
  return names.sort().map((name) => readGolden(name, readFileSync(new URL(name, FOLDER), 'utf8')));
}

export function writeGolden(golden: Golden, sections: readonly string[]): void {
  const input = readFileSync(new URL(golden.name, FOLDER), 'utf8').split(LINE)[0] ?? '';
  writeFileSync(new URL(golden.name, FOLDER), [input, ...sections].join(LINE));
}

function readGolden(name: string, text: string): Golden {
  const [input = '', ...expected] = text.split(LINE);
  const split = input.indexOf('\n---\n');
  const header = parse(input.slice(0, split)) as Header;
  const source = input.slice(split + '\n---\n'.length);
  const object: unknown = parse(source);
  const { configMaps = {}, namespace } = header;
  const facts: Facts = {
    image: header.image ?? IMAGE,
    allowedImages: header.allowedImages ?? [header.image ?? IMAGE],
    namespace: {
      name: namespace?.name ?? (textAt(object, 'metadata', 'namespace') || 'default'),
      annotations: namespace?.annotations ?? {},
      labels: namespace?.labels ?? {},
    },
    defaults: header.defaults ?? {},
    configMap: (wanted) => configMaps[wanted] ?? 'unknown',
    ...(header.imagePullSecrets && { imagePullSecrets: header.imagePullSecrets }),
    ...(header.owner && { owner: header.owner }),
    nowMs: NOW_MS,
  };
  const rest = {
    ...(header.oldObject !== undefined && { oldObject: header.oldObject }),
    ...(header.subResource && { subResource: header.subResource }),
  };
  const asked: AdmitInput = { kind: textAt(object, 'kind'), operation: header.operation ?? 'CREATE', object, ...rest };
  return { name, situation: header.situation, input: asked, facts, source, header, expected };
}

export function render(...values: unknown[]): string {
  return values.map((value) => stringify(value, { lineWidth: 0, indentSeq: false, aliasDuplicateObjects: false })).join('---\n');
}

/** The documents of a text, for comparing what two ways make. */
export function readAll(text: string): unknown[] {
  return [...parseAllDocuments(text)].map((document) => document.toJS());
}
