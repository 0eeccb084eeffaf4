import { describe, expect, it } from 'vitest';
import { runInject } from '../../../src/cli/inject.ts';
import { admit } from '../../../src/inject/admit.ts';
import { applyPatch } from '../../../src/inject/apply-patch.ts';
import { objectAt, textAt, valueAt } from '../../../src/inject/raw.ts';
import { TEMPLATES } from '../../../src/inject/workload.ts';
import { renderIssue } from '../../../src/lib/issue-text.ts';
import { isUpdatingGoldens } from '../../support/update-goldens.ts';
import { type Golden, NOW_MS, readAll, readGoldens, render, writeGolden } from './golden-file.ts';

const goldens = readGoldens();
const isUpdating = isUpdatingGoldens();
/** Files tell of no object that was there before, of no Job's CronJob, and of no ConfigMap that it is missing. */
const isForCli = ({ header }: Golden) =>
  Object.values(header.configMaps ?? {}).every((found) => typeof found === 'object') &&
  !(header.operation || header.owner || header.allowedImages || header.subResource || header.imagePullSecrets);

function judged({ input, facts }: Golden) {
  const admitted = admit(input, facts);
  const { outcome, reasons, warnings } = admitted;
  const summary = {
    outcome,
    ...(reasons.length > 0 && { reasons }),
    ...(admitted.issues.length > 0 && { errors: admitted.issues.map(renderIssue) }),
    ...(warnings.length > 0 && { warnings }),
  };
  const result = applyPatch(input.object, admitted.patch);
  return { admitted, result, section: admitted.patch.length > 0 ? render(summary, result) : render(summary) };
}

/** As documents behind the object's own, which is how files tell of them. */
function configMapsOf({ header, facts }: Golden): string {
  return Object.entries(header.configMaps ?? {})
    .map(([name, data]) => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace: facts.namespace.name }, data }))
    .map((each) => `---\n${render(each)}`)
    .join('');
}

async function throughCli(golden: Golden, source: string) {
  const { header, facts } = golden;
  const configMaps = configMapsOf(golden);
  let [out, err] = ['', ''];
  const namespace = { kind: 'Namespace', metadata: facts.namespace };
  const redis = header.defaults?.['mcp-sluice.dev/redis'];
  const argv = ['--image', facts.image, '--namespace-file', 'namespace.yaml', ...(redis ? ['--default-redis', redis] : []), '-'];
  const io = {
    read: async () => render(namespace),
    stdin: async () => source + configMaps,
    out: (text: string) => {
      out += text;
    },
    err: (text: string) => {
      err += text;
    },
    nowMs: () => NOW_MS,
  };
  const code = await runInject(argv, io);
  if (out === '') return { code, out, err };
  // They come out as they went in.
  expect(out.endsWith(configMaps)).toBe(true);
  return { code, out: out.slice(0, out.length - configMaps.length), err };
}

/** The pod that a controller would make of the workload's template. */
function podOf(kind: string, workload: unknown) {
  const template = objectAt(workload, ...(TEMPLATES.get(kind) ?? []));
  const [hash, name] = ['6d4cf56db6', textAt(workload, 'metadata', 'name')];
  const owner = kind === 'Deployment' ? { kind: 'ReplicaSet', name: `${name}-${hash}` } : { kind: kind === 'CronJob' ? 'Job' : kind, name };
  const labels = { ...objectAt(template, 'metadata', 'labels'), 'pod-template-hash': hash };
  const metadata = { ...objectAt(template, 'metadata'), labels, ownerReferences: [{ ...owner, controller: true }] };
  return { apiVersion: 'v1', kind: 'Pod', metadata, spec: valueAt(template, ['spec']) };
}

describe('golden files', () => {
  it('has at least thirty situations, each with its own sentence', () => {
    expect(goldens.length).toBeGreaterThanOrEqual(30);
    expect(new Set(goldens.map(({ situation }) => situation)).size).toBe(goldens.length);
  });

  describe.each(goldens.map((golden) => [golden.name, golden] as const))('%s', (_, golden) => {
    const isWorkload = TEMPLATES.has(golden.input.kind);

    it('[inject:golden] gives the result that the file tells, from webhook and CLI alike', async () => {
      const { admitted, result, section } = judged(golden);
      const sections = [section];
      if (isForCli(golden)) {
        const { code, out, err } = await throughCli(golden, golden.source);
        if (isWorkload && out !== golden.source && code === 0) sections.push(out);
        else expect(readAll(out)).toEqual(code === 0 ? [result] : []);
        expect(code).toBe(admitted.allowed ? 0 : 1);
        expect(err.split('\n').length - 1).toBe(admitted.issues.length + admitted.cautions.length);
        if (admitted.patch.length === 0 && out !== '' && !isWorkload) expect(out).toBe(golden.source);
      }
      if (isUpdating) writeGolden(golden, sections);
      else expect(golden.expected).toEqual(sections);
    });

    it('[inject:fed-back] gives no patch when its own result is fed back', async () => {
      const { admitted, result } = judged(golden);
      if (!admitted.allowed) return;
      const again = admit({ ...golden.input, object: result }, golden.facts);
      expect(again.patch).toEqual([]);
      expect(again.warnings).toEqual(golden.input.operation === 'UPDATE' ? again.warnings : admitted.warnings);
      if (!isForCli(golden)) return;
      const { out } = await throughCli(golden, golden.source);
      expect((await throughCli(golden, out)).out).toBe(out);
    });

    it('[inject:template-same] makes the same pod of a template injected by the CLI as of one that is not', async () => {
      if (!isWorkload || !isForCli(golden) || !judged(golden).admitted.allowed) return;
      const [injected] = readAll((await throughCli(golden, golden.source)).out);
      const { kind } = golden.input;
      const [byFile, byWebhook] = [injected, judged(golden).result].map((workload) => {
        const pod = podOf(kind, workload);
        return applyPatch(
          pod,
          admit({ kind: 'Pod', operation: 'CREATE', object: pod }, { ...golden.facts, ...ownerFact(kind, workload) }).patch,
        );
      });
      expect(byFile).toEqual(byWebhook);
    });
  });
});

// The webhook looks up that a CronJob stands behind a Job.
function ownerFact(kind: string, workload: unknown) {
  return kind === 'CronJob' ? { owner: { kind, name: textAt(workload, 'metadata', 'name') } } : {};
}
