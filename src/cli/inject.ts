import { applyPatch } from '../inject/apply-patch.ts';
import { INJECT_USAGE, parseFlags } from './flags.ts';
import { type Io, processIo } from './io.ts';
import { type JudgedFiles, type JudgedObject, judgeFiles } from './judge-files.ts';
import { isFileError } from './lint.ts';
import type { Manifest, ManifestFile } from './manifest.ts';
import { patchDocument } from './patch-document.ts';
import { reportOn } from './report.ts';

/** sysexits.h: the command line was wrong. */
const EX_USAGE = 64;

/** `mcp-sluice inject`: the manifests with their sidecars to standard output, all or none of them; 1 where one is denied. */
export async function runInject(argv: readonly string[], io: Io = processIo): Promise<number> {
  const flags = parseFlags(argv);
  if (flags === 'help') {
    io.out(INJECT_USAGE);
    return 0;
  }
  if ('error' in flags) {
    io.err(`mcp-sluice inject: ${flags.error}\n\n${INJECT_USAGE}`);
    return EX_USAGE;
  }
  try {
    const judged = await judgeFiles(flags, io);
    const { lines, hasErrors } = reportOn(judged);
    for (const line of lines) io.err(`${line}\n`);
    if (hasErrors) return 1;
    io.out(flags.output === 'json' ? renderJson(judged) : renderYaml(judged));
    return 0;
  } catch (error) {
    if (!isFileError(error)) throw error;
    io.err(`mcp-sluice inject: ${error.message}\n`);
    return 1;
  }
}

function renderJson({ objects }: JudgedFiles): string {
  const patched = objects.map(({ object, admitted }) => applyPatch(object, admitted.patch));
  const [only] = patched;
  const whole = patched.length === 1 ? only : { apiVersion: 'v1', kind: 'List', items: patched };
  return `${JSON.stringify(whole, null, 2)}\n`;
}

function renderYaml({ files, objects }: JudgedFiles): string {
  return files
    .map((file) => renderFile(file, objects))
    .reduce((all, text) => (all === '' ? text : `${all}${separator(all, text)}${text}`), '');
}

function separator(before: string, after: string): string {
  const newline = before.endsWith('\n') ? '' : '\n';
  return /^(#[^\n]*\n|\s*\n)*---/.test(after) || after.trim() === '' ? newline : `${newline}---\n`;
}

function renderFile(file: ManifestFile, objects: readonly JudgedObject[]): string {
  return file.manifests
    .map((manifest) =>
      renderManifest(
        manifest,
        objects.filter((judged) => judged.manifest === manifest),
      ),
    )
    .join('');
}

function renderManifest({ source, document }: Manifest, objects: readonly JudgedObject[]): string {
  const changed = objects.filter(({ admitted }) => admitted.patch.length > 0);
  if (changed.length === 0) return source;
  for (const { path, admitted } of changed) patchDocument(document, path, admitted.patch);
  // As the file has it: lists of manifests stand as often at their key's column as beyond it.
  const isIndented = !/^( *)[^\s#-][^\n]*:[^\S\n]*\n\1- /m.test(source);
  const isPadded = !/\{[^\s{}]/.test(source);
  return document.toString({ lineWidth: 0, indentSeq: isIndented, flowCollectionPadding: isPadded });
}
