import { EXIT } from '../exit-codes.ts';
import type { Flags } from '../flags.ts';
import type { Io } from '../io.ts';
import { type JudgedObject, judgeFiles, kindOf } from '../judge-files.ts';
import { type Finding, findingsOf, nameOf, reportOn } from '../report.ts';
import { refuseEmptyPipe } from '../sources.ts';
import { concernsUs, type Explanation, explain, type Installation, isBad, isExplained } from './explain.ts';
import installed from './installation.json' with { type: 'json' };
import { renderExplanation } from './render.ts';

interface Told {
  readonly each: JudgedObject;
  readonly explanation: Explanation;
  readonly findings: readonly Finding[];
}

/** Explains every pod and workload of the files, by our own manifests; the exit code. @throws InputError */
export async function explainFiles(flags: Flags, io: Io): Promise<number> {
  const judged = await judgeFiles(flags, io);
  refuseEmptyPipe(judged.files);
  const unreadable = reportOn({ ...judged, objects: [] }).findings;
  for (const { file, line, message } of unreadable) io.err(`${file}:${line}: ${message}\n`);
  const known = judged.objects.filter(({ object }) => isExplained(kindOf(object)));
  const all = known.map((each) => ({ each, explanation: explainOne(each), findings: findingsOf(each) }));
  io.out(flags.output === 'json' ? `${JSON.stringify(all.map(toJson), null, 2)}\n` : all.map(toText).join('\n'));
  if (known.length === 0) io.err('mcp-sluice explain: no pod or workload in it\n');
  return unreadable.length > 0 || all.some(({ explanation }) => isBad(explanation)) ? EXIT.found : EXIT.ok;
}

function explainOne({ object, facts, admitted }: JudgedObject): Explanation {
  return explain({ kind: kindOf(object), object, facts, installation: installed as unknown as Installation, admitted });
}

function toJson({ each, explanation, findings }: Told): object {
  const { file, manifest, facts, object } = each;
  const place = { file: file.name, line: lineOf(each), ...(manifest.chartTemplate !== undefined && { source: manifest.chartTemplate }) };
  const named = { kind: kindOf(object), name: nameOf(object), namespace: facts.namespace.name };
  return { object: named, place, isNamespaceKnown: facts.isNamespaceKnown, ...explanation, findings };
}

function toText({ each, explanation, findings }: Told): string {
  const { file, facts, object } = each;
  const title = `${kindOf(object)} ${facts.namespace.name}/${nameOf(object)} (${file.name}:${lineOf(each)})`;
  const problems = findings.map(({ severity, message }) => `${severity}: ${message}`);
  const isOpen = !facts.isNamespaceKnown && concernsUs(kindOf(object), object);
  const note = `what labels and annotations the namespace ${facts.namespace.name} has is not known here: --namespace-file tells`;
  return renderExplanation(title, explanation, isOpen ? [...problems, note] : problems);
}

function lineOf({ file, manifest, path }: JudgedObject): number {
  const node = path.length === 0 ? manifest.document.contents : manifest.document.getIn(path, true);
  return file.lines.linePos((node as { range?: readonly number[] } | null)?.range?.[0] ?? 0).line;
}
