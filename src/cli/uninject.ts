import { applyPatch } from '../inject/apply-patch.ts';
import { uninject } from '../inject/uninject.ts';
import { EXIT } from './exit-codes.ts';
import { parseFileFlags } from './flags.ts';
import { type Io, processIo } from './io.ts';
import { kindOf } from './judge-files.ts';
import { renderFiles, renderObjects } from './render.ts';
import { runCommand } from './run-command.ts';
import { readSources } from './sources.ts';
import { uninjectManifest } from './uninject-text.ts';
import { UNINJECT_USAGE } from './usage.ts';

/** `mcp-sluice uninject`: the manifests without what injection added to them; 1 where one cannot be read. */
export function runUninject(argv: readonly string[], io: Io = processIo): Promise<number> {
  return runCommand(
    {
      name: 'uninject',
      usage: UNINJECT_USAGE,
      flags: parseFileFlags(argv),
      act: async (flags) => {
        const files = await readSources(flags, io);
        const broken = files.flatMap((file) => file.errors.map(({ line, message }) => `${file.name}:${line}: ${message}\n`));
        for (const line of broken) io.err(line);
        if (broken.length > 0) return EXIT.found;
        if (flags.output === 'json') {
          const objects = files.flatMap((file) => file.manifests.flatMap((manifest) => manifest.objects));
          io.out(renderObjects(objects.map(({ object }) => applyPatch(object, uninject(kindOf(object), object)))));
          return EXIT.ok;
        }
        const text = renderFiles(files, (file, manifest) => {
          const done = uninjectManifest(file, manifest);
          const { line } = file.lines.linePos(manifest.document.range?.[0] ?? 0);
          if (done.isEdited)
            io.err(`${file.name}:${line}: warning: edited since it was injected: the same objects, but not all spaces, as before\n`);
          return done.text;
        });
        io.out(text);
        return EXIT.ok;
      },
    },
    io,
  );
}
