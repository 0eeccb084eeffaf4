// Proof 2: the bundle is consumed on each connection, and changes under load without a call lost.
import { mkdir, mkdtemp, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises';
import type { ServerResponse } from 'node:http';
import type { ServerOptions } from 'node:https';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { EntryEvents } from '../../sidecar/entry-events.ts';
import { EntryTrust } from '../../sidecar/entry-trust.ts';
import type { EntryUpstream } from '../../sidecar/entry-upstream.ts';
import type { RemoteEntry } from '../../src/settings/settings.ts';
import { type Answer, ask, entryAt, faultOf, openEntry, statusOf } from '../support/ask-entry.ts';
import { type Certified, makeCertificate } from '../support/make-certificate.ts';
import { startTlsRemote, type TlsRemote } from '../support/tls-remote.ts';
import { until } from '../support/until-true.ts';

const oldCa = makeCertificate({ name: 'old CA', isAuthority: true });
const newCa = makeCertificate({ name: 'new CA', isAuthority: true });
const certified = (issuer: Certified): ServerOptions => {
  const { certificate, key } = makeCertificate({ name: 'docs.test', hosts: ['docs.test'], issuer });
  return { cert: certificate, key };
};
const oldLeaf = certified(oldCa);
const newLeaf = certified(newCa);

let folder: string;
let remote: TlsRemote;
let upstream: EntryUpstream;
let held: ServerResponse[];
let reloads: number;
let failures: string[];
beforeEach(async () => {
  [folder, held, reloads, failures] = [await mkdtemp(join(tmpdir(), 'mcp-sluice-')), [], 0, []];
  remote = await startTlsRemote(oldLeaf, (request, response) => {
    if (request.url === '/held') held.push(response.writeHead(200).write('begun ') ? response : response);
    else {
      if (request.url === '/last') response.shouldKeepAlive = false;
      response.end('{}');
    }
  });
});
afterEach(async () => {
  await upstream.close();
  await remote.close();
  await rm(folder, { recursive: true });
});

const events: EntryEvents = {
  onCaReload: () => {
    reloads += 1;
  },
  onCaReloadFailure: (reason) => void failures.push(reason),
};
const named: Partial<RemoteEntry> = { caBundle: { configMap: 'corp-ca', key: 'ca.crt', exclusive: true } };
async function start(opened: string[] = []): Promise<EntryUpstream> {
  upstream = openEntry(entryAt(`https://docs.test:${remote.port}/mcp`, named), {
    caFile: join(folder, 'ca.crt'),
    events,
    openSocket: (_, port) => {
      opened.push('opened');
      return connect(port, '127.0.0.1');
    },
  });
  await upstream.start();
  return upstream;
}

/** As the kubelet does: a folder of the new state, and one rename of the symlink that leads there. */
let states = 0;
async function project(...authorities: readonly string[]): Promise<void> {
  states += 1;
  const state = `..state-${states}`;
  await mkdir(join(folder, state));
  await writeFile(join(folder, state, 'ca.crt'), authorities.join(''));
  await symlink(state, join(folder, '..data-new'));
  await rename(join(folder, '..data-new'), join(folder, '..data'));
  if (states === 1 || !(await readFile(join(folder, 'ca.crt')).catch(() => undefined)))
    await symlink('..data/ca.crt', join(folder, 'ca.crt')).catch(() => undefined);
}
async function reloaded(...authorities: readonly string[]): Promise<void> {
  const before = reloads;
  await project(...authorities);
  await until(() => reloads > before);
}

describe('the CA bundle of an entry', () => {
  it('[egress:rotation] goes from old to both to new under load, and no call is lost', async () => {
    await project(oldCa.certificate);
    await start();
    const answers: Answer[] = [];
    let isLoaded = true;
    const caller = async (): Promise<void> => {
      while (isLoaded) {
        const answer = await ask(upstream).answer;
        answers.push(answer);
        if ('fault' in answer) isLoaded = false;
      }
    };
    const callers = Array.from({ length: 8 }, caller);
    const more = async (): Promise<void> => {
      const enough = answers.length + 50;
      await until(() => !isLoaded || answers.length >= enough);
    };
    await more();
    await reloaded(oldCa.certificate, newCa.certificate);
    await more();
    remote.setCertificates(newLeaf);
    await more();
    await reloaded(newCa.certificate);
    await more();
    isLoaded = false;
    await Promise.all(callers);
    expect(answers.filter((answer) => 'fault' in answer || answer.status !== 200)).toEqual([]);
    expect(failures).toEqual([]);
  });

  it('[egress:rotation] closes idle connections of the old one, and lets a call under way end on its own', async () => {
    await project(oldCa.certificate);
    await start();
    const call = ask(upstream, { target: '/held' });
    await call.head;
    expect(await statusOf(upstream)).toBe(200);
    expect(remote.open.size).toBe(2);
    await reloaded(newCa.certificate);
    await until(() => remote.open.size === 1);
    held[0]?.end('and ended');
    expect(await call.answer).toMatchObject({ status: 200, body: 'begun and ended' });
    await until(() => remote.open.size === 0);
    expect(await faultOf(upstream)).toMatchObject({ reason: 'unknown-ca' });
  });

  it('[egress:every-connection] verifies every connection anew, and takes no TLS session up again', async () => {
    const opened: string[] = [];
    await project(oldCa.certificate);
    await start(opened);
    expect(await statusOf(upstream, { target: '/last' })).toBe(200);
    // From here on its server shows what the bundle does not hold: each connection that is made has to fail.
    remote.setCertificates(newLeaf);
    const before = opened.length;
    const [pooled, another, replayed] = await Promise.all([
      faultOf(upstream),
      faultOf(upstream),
      faultOf(upstream, { method: 'GET', body: undefined }),
    ]);
    expect([pooled.reason, another.reason, replayed.reason]).toEqual(['unknown-ca', 'unknown-ca', 'unknown-ca']);
    expect(opened.length - before).toBe(3);
    expect(remote.asked).toHaveLength(1);
  });

  it('[egress:every-connection] is what the connection after a redirect is verified with', async () => {
    await remote.close();
    remote = await startTlsRemote(oldLeaf, (_, response) => {
      remote.setCertificates(newLeaf);
      response.writeHead(307, { location: '/elsewhere' }).end();
    });
    await project(oldCa.certificate);
    await start();
    expect(await faultOf(upstream)).toMatchObject({ reason: 'unknown-ca' });
    expect(remote.asked).toEqual(['/mcp']);
  });

  it('[egress:every-connection] is there before anything is dialled, or nothing is', async () => {
    const opened: string[] = [];
    await start(opened);
    expect(await faultOf(upstream)).toMatchObject({ reason: 'ca-unusable', status: 503, retryAfterSeconds: 5 });
    expect(opened).toEqual([]);
    const about = { caFile: undefined, nowMs: Date.now, events: {}, onChange: () => undefined };
    expect(() => new EntryTrust(entryAt('https://docs.test', named), about)).toThrow('bug');
    expect(() => new EntryTrust(entryAt('http://docs.test'), about)).toThrow('bug');
    expect(() => new EntryTrust(entryAt('http://docs.test', { ...named, allowInsecure: true }), { ...about, caFile: '/x' })).toThrow('bug');
  });

  it('[egress:bundle-file] that is missing fails its entry alone, says what is missing, and heals without a restart', async () => {
    await start();
    expect(upstream.problem()).toBe(
      'The CA bundle of remote entry "docs" (ConfigMap "corp-ca", key "ca.crt") does not exist in the pod\'s namespace. Put the certificates of its CA there; they are taken up without a restart.',
    );
    expect(failures).toHaveLength(1);
    await reloaded(oldCa.certificate);
    expect(upstream.problem()).toBeUndefined();
    expect(await statusOf(upstream)).toBe(200);
  });

  it('[egress:bundle-file] that is broken keeps the last good one, and says so', async () => {
    await project(oldCa.certificate);
    await start();
    const where = 'The CA bundle of remote entry "docs" (ConfigMap "corp-ca", key "ca.crt")';
    const ended = makeCertificate({ name: 'ended CA', isAuthority: true, validHours: [-48, -24] });
    const broken: readonly (readonly [text: string, says: string])[] = [
      ['no certificate', 'holds no PEM certificate'],
      [oldCa.certificate.slice(0, -40), 'holds a PEM block that is no certificate'],
      [`${oldCa.certificate}-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n`, 'holds a PEM block that is no certificate'],
      [oldCa.certificate + oldCa.key, 'holds a private key, which belongs in no bundle'],
      [ended.certificate, 'holds no certificate that is still valid: the last one expired on'],
    ];
    for (const [text, says] of broken) {
      const before = failures.length;
      await project(text);
      await until(() => failures.length > before && upstream.warnings().some((warning) => warning.includes(says)));
      expect(upstream.warnings()[0]).toContain(where);
      expect(upstream.warnings()[0]).toContain('; the last good one stays in use');
      expect(upstream.problem()).toBeUndefined();
      expect(await statusOf(upstream)).toBe(200);
    }
    await rm(join(folder, 'ca.crt'));
    await until(() => upstream.warnings().some((warning) => warning.includes('does not exist')));
    expect(await statusOf(upstream)).toBe(200);
    // One for each text, and one for all the time that there is none.
    expect(failures).toHaveLength(broken.length + 1);
    expect(failures.join()).not.toContain('BEGIN');
  });
});
