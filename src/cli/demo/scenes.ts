// The demo's four scenes, in order; what they show is what really happened.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { stringify } from 'yaml';
import { freePort, startRedis } from '../../build/start-redis.ts';
import { PREFIX } from '../../lib/prefix.ts';
import { DEFAULT_IMAGE } from '../flags.ts';
import { abridgePod } from './abridge.ts';
import { isReady, type KubernetesObject, type Reviewed, review, type Webhook } from './admission.ts';
import { type Called, connectClient, type DemoClient } from './client.ts';
import { injectedArgument, podOf, readDeployment, without } from './example.ts';
import { diffLines } from './line-diff.ts';
import type { Paint } from './paint.ts';
import type { Processes } from './processes.ts';

const EXAMPLE = 'manifests/examples/everything.yaml';

export interface Stage {
  readonly root: string;
  /** A directory of the demo's own. */
  readonly directory: string;
  readonly processes: Processes;
  readonly paint: Paint;
  readonly signal: AbortSignal;
  /** What else to end, beside the processes. */
  readonly closing: (() => Promise<void>)[];
  say(text?: string): void;
}

const indent = (text: string, by = '   '): string => text.trimEnd().replace(/^(?=.)/gm, by);

function mustBeAllowed(reviewed: Reviewed, what: string): Reviewed {
  if (!reviewed.allowed) throw new Error(`The webhook denied ${what}: ${reviewed.message}`);
  return reviewed;
}

/** Starts the real webhook and lets it judge the example. Returns the pod as injected. */
export async function showAdmission(stage: Stage): Promise<KubernetesObject> {
  const { say, paint, root, directory, processes } = stage;
  const deployment = readDeployment(join(root, EXAMPLE));
  say(paint.title(`1. A Deployment with annotations  (${EXAMPLE})`));
  say(paint.key(indent(stringify(deployment.metadata.annotations, { lineWidth: 0 }))));

  const tls = join(directory, 'tls');
  mkdirSync(tls);
  const port = await freePort();
  const readCa = (): string => readFileSync(join(tls, 'ca.crt'), 'utf8');
  const args = ['src/cli/main.ts', 'webhook', '--standalone', '--listen', `127.0.0.1:${port}`, '--tls-dir', tls, '--image', DEFAULT_IMAGE];
  await processes.start('the webhook', args, async () => {
    try {
      return await isReady({ port, ca: readCa() });
    } catch {
      return false;
    }
  });
  const webhook: Webhook = { port, ca: readCa() };
  say(`\n${paint.title('2. The webhook admits it')}  (https://127.0.0.1:${port}/mutate, verified with the CA that it made)`);
  const workload = mustBeAllowed(await review(webhook, deployment), 'the Deployment');
  say(`   Deployment: ${paint.good('allowed')}, its annotations go into the pod template (${workload.patch.length} patch operations)`);
  const pod = podOf(workload.object);
  const admitted = mustBeAllowed(await review(webhook, pod), 'the pod');
  say(`   Pod: ${paint.good('allowed and injected')}, in short:`);
  showDiff(stage, pod, admitted.object);
  for (const warning of [...workload.warnings, ...admitted.warnings]) say(paint.key(`   Warning: ${warning}`));

  say(`\n${paint.title('3. It refuses what cannot work')}  (the same Deployment without its redis annotation)`);
  const refused = await review(webhook, without(deployment, 'redis'));
  if (refused.allowed) throw new Error('The webhook allowed limits without Redis.');
  say(`   Deployment: ${paint.bad('denied')}`);
  say(paint.bad(indent(refused.message ?? '')));
  return admitted.object;
}

function showDiff({ say, paint }: Stage, before: KubernetesObject, after: KubernetesObject): void {
  const text = (pod: KubernetesObject): string => stringify(abridgePod(pod), { lineWidth: 0 }).trimEnd();
  for (const { kind, text: line } of diffLines(text(before), text(after), 1)) {
    if (kind === 'added') say(paint.good(`   + ${line}`));
    else if (kind === 'removed') say(paint.bad(`   - ${line}`));
    else say(paint.dim(`     ${line}`));
  }
}

export interface Playground {
  readonly url: URL;
  readonly adminUrl: string;
  readonly annotationsFile: string;
}

/** Starts the MCP server, Redis and the sidecar with the injected settings, all on loopback. */
export async function startPlayground(stage: Stage, pod: KubernetesObject): Promise<Playground> {
  const { say, paint, directory, processes } = stage;
  say(`\n${paint.title('4. What the pod would run, on loopback')}`);
  const starting = startRedis();
  // Said before it is up: an interruption may come in between.
  stage.closing.push(async () => {
    const started = await starting.catch(() => undefined);
    await started?.stop();
  });
  const redis = await starting;
  const [server, front, admin] = [await freePort(), await freePort(), await freePort()];
  const annotations = { ...pod.metadata.annotations };
  const named = annotations[`${PREFIX}redis`];
  const credentials = splitCredentials(redis.url, directory);
  annotations[`${PREFIX}redis`] = credentials.url;
  const annotationsFile = join(directory, 'annotations.yaml');
  writeFileSync(annotationsFile, stringify(annotations, { lineWidth: 0 }));

  const everything = createRequire(import.meta.url).resolve('@modelcontextprotocol/server-everything/dist/index.js');
  const loopback = join(import.meta.dirname, 'loopback.ts');
  const answers = (url: string) => async (): Promise<boolean> => (await fetch(url).catch(() => undefined)) !== undefined;
  await processes.start('the MCP server', ['--import', loopback, everything, 'streamableHttp'], answers(`http://127.0.0.1:${server}/mcp`), {
    PORT: String(server),
  });
  const url = `http://127.0.0.1:${front}`;
  const options = ['--listen', `127.0.0.1:${front}`, '--upstream', `http://127.0.0.1:${server}`, '--admin', `127.0.0.1:${admin}`];
  const owner = injectedArgument(pod, 'owner');
  const state = join(directory, 'state');
  mkdirSync(state);
  const sidecar = [
    'src/cli/main.ts',
    'sidecar',
    ...options,
    '--annotations',
    annotationsFile,
    '--owner',
    owner,
    '--state-dir',
    state,
    ...credentials.options,
  ];
  const isUp = async (): Promise<boolean> => (await fetch(`http://127.0.0.1:${admin}/readyz`).catch(() => undefined))?.ok === true;
  await processes.start('the sidecar', sidecar, isUp);
  say(`   MCP server   http://127.0.0.1:${server}/mcp  (server-everything, as published)`);
  say(`   Redis        ${credentials.url}  (in place of ${named}, which only a cluster has)`);
  say(`   sidecar      ${url}/mcp  (for ${owner}, with the pod's annotations as injected)`);
  return { url: new URL(`${url}/mcp`), adminUrl: `http://127.0.0.1:${admin}`, annotationsFile };
}

/** A `REDIS_URL` may carry a password; an annotation may not: the sidecar reads it from files, as it does a Secret's. */
function splitCredentials(url: string, directory: string): { url: string; options: string[] } {
  const bare = new URL(url);
  const { username, password } = bare;
  if (username === '' && password === '') return { url, options: [] };
  const secret = join(directory, 'redis-secret');
  mkdirSync(secret, { mode: 0o700 });
  if (username !== '') writeFileSync(join(secret, 'username'), decodeURIComponent(username));
  writeFileSync(join(secret, 'password'), decodeURIComponent(password));
  bare.username = '';
  bare.password = '';
  return { url: bare.href, options: ['--redis-secret-dir', secret] };
}

/** Lets the official client call `echo` until it is refused, wait as told, and succeed. */
export async function showLimit(stage: Stage, { url }: Playground): Promise<DemoClient> {
  const { say, paint, signal } = stage;
  say(`\n${paint.title('5. The official MCP client calls the tool')}  (limit: echo 3/15s)`);
  const client = await connectClient(url);
  const tools = await client.countTools();
  say(`   initialize, tools/list  ${paint.good('200')}  ${client.serverName}, ${tools} tools; neither is charged`);
  let refused: Called | undefined;
  for (let call = 1; call <= 10 && refused === undefined; call++) {
    const called = await client.echo(`call ${call}`);
    if (called.ok) say(`   echo  ${paint.good('200')}  ${called.text.padEnd(14)} ${paint.dim(header(called.headers, 'RateLimit'))}`);
    else refused = called;
  }
  if (refused === undefined || refused.ok) throw new Error('Ten calls passed a limit of three.');
  say(`   echo  ${paint.bad('429')}  ${header(refused.headers, 'Retry-After')}   ${paint.dim(header(refused.headers, 'RateLimit'))}`);
  say(paint.bad(indent(refused.body, '              ')));
  say(paint.dim(`   … waits ${refused.waitSeconds} s, as told`));
  await sleep(refused.waitSeconds * 1000, undefined, { signal });
  const again = await client.echo('back again');
  if (!again.ok) throw new Error('The call after Retry-After was refused.');
  say(`   echo  ${paint.good('200')}  ${again.text}`);
  return client;
}

const header = (headers: Headers, name: string): string => (headers.has(name) ? `${name}: ${headers.get(name)}` : '');
