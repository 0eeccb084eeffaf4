import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Readiness } from '../../sidecar/limiter.ts';
import type { RedisTarget } from '../../sidecar/store-redis-options.ts';
import { freePort, type StartedRedis } from '../../src/build/start-redis.ts';
import { brief, type WatchedLimiter, watchedLimiter } from '../support/limiter.ts';
import { administer, eventually, ownRedis } from '../support/redis.ts';
import { makeCertificates, type TestCertificates } from '../support/redis-tls.ts';
import { charge } from '../unit/policy/limits.ts';

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'mcp-sluice-access-'));
});
afterAll(async () => rm(directory, { recursive: true, force: true }));

async function withLimiter(
  target: RedisTarget,
  work: (watched: WatchedLimiter, start: Promise<Readiness>) => Promise<void>,
): Promise<void> {
  const watched = watchedLimiter(target);
  try {
    await work(watched, watched.limiter.start());
  } finally {
    await watched.limiter.stop();
  }
}
const decides = async ({ limiter }: WatchedLimiter) => brief(await limiter.decide([charge('1000/1s')], 'closed')) === 'allowed';

describe('access to Redis', () => {
  it('[limiter:credentials] enters as the ACL user of the Secret, with few rights, and takes up a rotated password', async () => {
    const server = await ownRedis({ args: ['--requirepass', 'admin'] });
    const asAdmin = `redis://:admin@127.0.0.1:${server.port}`;
    const commands = ['eval', 'evalsha', 'get', 'set', 'time', 'select', 'zadd', 'zcard', 'zremrangebyscore', 'pexpire'];
    const rights = ['on', '~mcp-sluice:*', ...commands.map((command) => `+${command}`)];
    await administer(asAdmin, (admin) => admin.call('ACL', 'SETUSER', 'sluice', ...rights, '>first'));
    await writeFile(join(directory, 'username'), 'sluice\n');
    await writeFile(join(directory, 'password'), 'wrong');
    await withLimiter({ url: `${server.url}/3`, secretDir: directory }, async (watched) => {
      await eventually('the reason', () => JSON.stringify(watched.limiter.ready()).includes('WRONGPASS'));
      expect(watched.seen).toContain('auth');
      await writeFile(join(directory, 'password'), 'first\n');
      await eventually('ready', () => watched.limiter.ready().ready);
      expect(await decides(watched)).toBe(true);
      await administer(asAdmin, (admin) => admin.call('ACL', 'SETUSER', 'sluice', 'resetpass', '>second'));
      await writeFile(join(directory, 'password'), 'second');
      await administer(asAdmin, (admin) => admin.call('CLIENT', 'KILL', 'USER', 'sluice'));
      await eventually('decides with the new password', () => decides(watched));
    });
    expect(await administer(`${asAdmin}/3`, (admin) => admin.dbsize())).toBe(3);
    await server.stop();
  });

  it('[limiter:no-credentials] says so where Redis wants a password and there is none, and where the Secret lacks it', async () => {
    const server = await ownRedis({ args: ['--requirepass', 'admin'] });
    await withLimiter(server, ({ limiter }) => eventually('NOAUTH', () => JSON.stringify(limiter.ready()).includes('NOAUTH')));
    await withLimiter({ ...server, secretDir: join(directory, 'none') }, ({ limiter }) =>
      eventually('the missing file', () => /the password of redis-secret cannot be read .*ENOENT/.test(JSON.stringify(limiter.ready()))),
    );
    await server.stop();
  });

  it('[limiter:needless-password] enters a Redis that wants no password although there is one', async () => {
    const server = await ownRedis();
    const secretDir = await mkdtemp(join(directory, 'needless-'));
    await writeFile(join(secretDir, 'password'), 'needless');
    await withLimiter({ ...server, secretDir }, async (_, start) => expect(await start).toEqual({ ready: true }));
    await server.stop();
  });
});

describe('TLS to Redis', () => {
  let made: TestCertificates;
  let server: StartedRedis;
  const caFile = () => join(directory, 'ca.crt');

  beforeAll(async () => {
    made = makeCertificates();
    await writeFile(join(directory, 'redis.crt'), made.certificate);
    await writeFile(join(directory, 'redis.key'), made.key);
    await writeFile(caFile(), made.ca);
    const files = ['--tls-cert-file', join(directory, 'redis.crt'), '--tls-key-file', join(directory, 'redis.key')];
    const port = await freePort();
    server = await ownRedis({
      port,
      args: ['--tls-port', String(port), '--port', '0', '--tls-auth-clients', 'no', '--bind', '127.0.0.1', '127.0.0.2', ...files],
    });
  });
  afterAll(async () => server.stop());

  it.each(['localhost', '127.0.0.1'])('[limiter:tls] trusts the private CA for %s', async (host) => {
    await withLimiter({ url: `rediss://${host}:${server.port}`, caFile: caFile() }, async (watched, start) => {
      expect(await start).toEqual({ ready: true });
      expect(await decides(watched)).toBe(true);
    });
  });

  it('[limiter:tls-verified] refuses a certificate that the system does not know, also where Node is told not to care', async () => {
    const before = process.env['NODE_TLS_REJECT_UNAUTHORIZED'];
    process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = '0';
    try {
      await withLimiter({ url: `rediss://localhost:${server.port}` }, ({ limiter }) =>
        eventually('the reason', () => /unable to verify|self-signed|issuer/.test(JSON.stringify(limiter.ready()))),
      );
    } finally {
      if (before === undefined) delete process.env['NODE_TLS_REJECT_UNAUTHORIZED'];
      else process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = before;
    }
  });

  it('[limiter:tls-name] refuses a certificate for another name', async () => {
    await withLimiter({ url: `rediss://127.0.0.2:${server.port}`, caFile: caFile() }, ({ limiter }) =>
      eventually('the reason', () => /altnames/.test(JSON.stringify(limiter.ready()))),
    );
  });

  it('[limiter:ca-reread] says what is wrong with the CA file and takes up one that was put right', async () => {
    const late = join(directory, 'late.crt');
    await withLimiter({ url: `rediss://localhost:${server.port}`, caFile: late }, async ({ limiter }) => {
      const reason = () => JSON.stringify(limiter.ready());
      await eventually('missing', () => reason().includes('ENOENT'));
      await writeFile(late, 'no certificate');
      await eventually('no PEM', () => reason().includes('not a PEM certificate'));
      await writeFile(late, '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n');
      await eventually('a broken PEM', () => !reason().includes('not a PEM') && !limiter.ready().ready);
      await writeFile(late, made.ca);
      await eventually('ready', () => limiter.ready().ready);
    });
  });
});
