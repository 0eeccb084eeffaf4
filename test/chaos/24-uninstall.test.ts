import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { createPods, numbered } from '../e2e/burst.ts';
import { mcpSluice, PROGRAM } from '../e2e/cli.ts';
import { podsOf, readyPods, sidecarOf } from '../e2e/cluster.ts';
import { install, systemGone } from '../e2e/install.ts';
import { CLUSTER } from '../e2e/kind.ts';
import { apply, kubectl, tryKubectl } from '../e2e/kubectl.ts';
import { listEverything } from '../e2e/listing.ts';
import { useNamespaces } from '../e2e/namespace.ts';
import { deployment } from '../e2e/objects.ts';
import { annotated } from '../e2e/policy-objects.ts';
import { tryRun } from '../e2e/run.ts';
import { until } from '../e2e/until.ts';
import { keepParameterReader } from './parameter-reader.ts';

const ROOT = join(import.meta.dirname, '../..');
const namespace = 'e2e-24';

describe('uninstall', () => {
  useNamespaces({ [namespace]: {} });
  keepParameterReader();
  afterAll(async () => {
    await systemGone();
    await install('first');
  });
  beforeAll(async () => {
    await apply(deployment({ name: 'app', namespace, server: 'python', template: { inject: 'true' } }));
    await readyPods(namespace, 'app');
  });

  it('[e2e:uninstall] tells what it would remove, removes it, and leaves the cluster as if we had never been there', async () => {
    const there = await strangers();
    const told = await mcpSluice(['uninstall']);
    expect(told.code, told.stderr).toBe(0);
    expect(told.stdout).toContain('Nothing was removed');
    expect(await strangers()).toEqual(there);
    expect(there.length).toBeGreaterThan(10);

    const { done, refused } = await interruptedAndRepeated();
    expect(done.code, done.stderr).toBe(0);
    // With a policy and without the webhook they would be.
    expect(refused).toEqual([]);
    await systemGone();
    expect(await strangers()).toEqual([]);
    expect(await missing()).toEqual([]);
  });

  it('[e2e:uninstall-no-lock] nothing refuses pods afterwards, and what ran keeps its sidecar until it is replaced', async () => {
    const naked = await tryKubectl(['create', '-f', '-'], { input: JSON.stringify(annotated({ namespace, name: 'asks' })) });
    expect(naked.code, naked.stderr).toBe(0);
    const [running] = await podsOf(namespace, 'app');
    expect(sidecarOf(running)).toBeDefined();
    // Its annotations can be edited, and its replacement runs without us.
    await kubectl(['annotate', '-n', namespace, `pod/${running.metadata.name}`, 'mcp-sluice.dev/inject-']);
    await kubectl(['rollout', 'restart', 'deployment/app', '-n', namespace]);
    await kubectl(['rollout', 'status', 'deployment/app', '-n', namespace, '--timeout=120s'], { timeoutMs: 130_000 });
    const [replaced] = await readyPods(namespace, 'app');
    expect(sidecarOf(replaced)).toBeUndefined();
    // Nothing holds what goes.
    await kubectl(['wait', '--for=delete', `pod/${running.metadata.name}`, '-n', namespace, '--timeout=90s'], { timeoutMs: 100_000 });
    const again = await mcpSluice(['uninstall', '--yes']);
    expect([again.code, again.stdout]).toEqual([0, expect.stringContaining('nothing of mcp-sluice is there')]);
    const check = await mcpSluice(['check']);
    expect([check.code, check.stdout]).toEqual([0, expect.stringMatching(/not installed here.*you may install it/s)]);
  });

  it('[e2e:uninstall-by-hand] the commands of the README leave the cluster alike, and can be repeated', async () => {
    await install('first');
    const commands = documentedCommands();
    for (let round = 0; round < 2; round += 1) {
      const ran = await tryRun('sh', ['-ec', commands], { cwd: ROOT });
      expect(ran.code, ran.stderr).toBe(0);
    }
    await systemGone();
    expect(await strangers()).toEqual([]);
    expect(await missing()).toEqual([]);
  });
});

/** What tests of all files make bears such a name; a cluster that was kept had an installation before. */
const isTests = (line: string): boolean => /[ /]e2e-/.test(line);
/** The node is named after the cluster, and that after us. */
const isOurs = (line: string): boolean => line.replaceAll(CLUSTER, '').includes('mcp-sluice');

/** What is there and was not before the installation. */
async function strangers(): Promise<string[]> {
  const before = inject('before').filter((line) => !isOurs(line));
  return without(await listEverything(), before).filter((line) => !isTests(line));
}

/** What was there before the installation and is not. */
async function missing(): Promise<string[]> {
  return without(inject('before'), await listEverything()).filter((line) => !isOurs(line) && !isTests(line));
}

/** Two pods of one line are two. */
function without(lines: readonly string[], others: readonly string[]): string[] {
  const left = [...others];
  return lines.filter((line) => {
    const at = left.indexOf(line);
    if (at !== -1) left.splice(at, 1);
    return at === -1;
  });
}

/** Killed as soon as the last policy is gone, and run again; annotated pods are created from then on. */
async function interruptedAndRepeated() {
  const killed = spawn(process.execPath, [PROGRAM, 'uninstall', '--yes'], { stdio: 'ignore' });
  const ended = new Promise((resolve) => killed.once('close', resolve));
  const policies = async (): Promise<string> => await kubectl(['get', 'validatingadmissionpolicies', '-o', 'name']);
  await until('the policies to be gone', async () => !(await policies()).includes('mcp-sluice'), { everyMs: 50 });
  killed.kill('SIGKILL');
  await ended;
  let isOver = false;
  const burst = refusedUntil(() => isOver);
  const done = await mcpSluice(['uninstall', '--yes']).finally(() => {
    isOver = true;
  });
  return { done, refused: await burst };
}

/** The messages of what was refused. */
async function refusedUntil(isOver: () => boolean): Promise<string[]> {
  const refused: string[] = [];
  while (!isOver()) {
    const objects = numbered(4, (name) => annotated({ namespace, name }), 'meanwhile');
    const created = await createPods({ objects, concurrency: 4, isDryRun: true });
    refused.push(...created.filter(({ status }) => status !== 201).map(({ body }) => body.message as string));
  }
  return refused;
}

function documentedCommands(): string {
  const readme = readFileSync(join(ROOT, 'README.md'), 'utf8');
  const block = /^## How to undo it all$.*?By hand:\n\n```sh\n(.*?)```/ms.exec(readme)?.[1];
  if (block === undefined) throw new Error('the README does not say how to uninstall by hand');
  return block;
}
