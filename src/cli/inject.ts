import { applyPatch } from '../inject/apply-patch.ts';
import { EXIT } from './exit-codes.ts';
import { parseFlags } from './flags.ts';
import { type Io, processIo } from './io.ts';
import { type JudgedFiles, judgeFiles } from './judge-files.ts';
import type { Manifest, ManifestFile } from './manifest.ts';
import { renderFiles, renderObjects } from './render.ts';
import { type Finding, renderFinding, reportOn } from './report.ts';
import { rewrite } from './rewrite.ts';
import { runCommand } from './run-command.ts';
import { reversible } from './uninject-text.ts';
import { INJECT_USAGE } from './usage.ts';
import { styleOf } from './write-value.ts';

/** `mcp-sluice inject`: the manifests with their sidecars to standard output, all or none of them; 1 where one is denied. */
export function runInject(argv: readonly string[], io: Io = processIo): Promise<number> {
  return runCommand(
    {
      name: 'inject',
      usage: INJECT_USAGE,
      flags: parseFlags(argv),
      act: async (flags) => {
        const judged = await judgeFiles(flags, io);
        const { findings, errors } = reportOn(judged);
        for (const finding of findings) io.err(`${renderFinding(finding)}\n`);
        if (errors > 0) return EXIT.found;
        const { objects } = judged;
        io.out(
          flags.output === 'json'
            ? renderObjects(objects.map(({ object, admitted }) => applyPatch(object, admitted.patch)))
            : renderText(judged, io),
        );
        return EXIT.ok;
      },
    },
    io,
  );
}

function renderText({ files, objects }: JudgedFiles, io: Io): string {
  const byManifest = Map.groupBy(objects, ({ manifest }) => manifest);
  return renderFiles(files, (file, manifest) => {
    const patched = (byManifest.get(manifest) ?? []).map(({ path, admitted }) => ({ path, patch: admitted.patch }));
    const text = rewrite(file, manifest, patched);
    const kept = text === manifest.source ? text : reversible(text, manifest.source);
    if (kept === undefined) io.err(`${renderFinding(irreversible(file, manifest))}\n`);
    return kept ?? text;
  });
}

function irreversible(file: ManifestFile, { document, source }: Manifest): Finding {
  const why = styleOf(source).isJson ? ': JSON has no comments to keep them in' : '';
  const { line } = file.lines.linePos(document.range[0]);
  const message = `uninject will give the same objects back, but not every space${why}`;
  return { severity: 'warning', file: file.name, line, code: 'IRREVERSIBLE', message };
}
