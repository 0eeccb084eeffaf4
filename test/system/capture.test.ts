import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { encodeProbe, probePath } from '../../src/lib/app-probe.ts';

const script = join(import.meta.dirname, '../support/capture-in-namespaces.sh');
const several = join(import.meta.dirname, '../support/several-in-namespaces.sh');
const program = join(import.meta.dirname, '../../src/cli/main.ts');

const probe = { tcpSocket: { port: 3001 } };

describe('the capture of a pod', () => {
  beforeAll(() => {
    const probe = 'command -v nsenter && ip link add pod0 type veth peer name peer0 && nft list ruleset';
    const { status, stderr } = spawnSync('unshare', ['-n', 'sh', '-c', probe], { encoding: 'utf8' });
    if (status !== 0) throw new Error(`this test needs root, network namespaces, "ip" (iproute2) and "nft" (nftables): ${stderr}`);
  });

  const redirect = ['RULES 1', 'PROBE 503', 'PROBE 200'];
  const takeover = ['PROBE 503', 'APP EADDRINUSE', 'APP EADDRINUSE', 'PROBE 200'];

  it.each([
    ['redirect', redirect],
    ['takeover', takeover],
  ])('[sidecar:capture-real] by %s brings IPv4 and IPv6 from outside to the sidecar, and loopback to the app', (capture, first) => {
    expectCaptured(capture, first, ['-n']);
  });

  const each = (text: (name: string, port: number) => string) => [text('first', 3001), text('second', 3002)];
  const own = each((name, port) => `GET 200 ${name} 127.0.0.1:${port}`);
  const away = ['PROBE 503', own[0], 'GET 502'];

  it.each([
    [
      'redirect',
      [
        'RULES 2',
        expect.stringMatching(/^READY 503 "upstream:3002":"nothing accepts at .*:3002/),
        'PROBE 503',
        'PROBE 200',
        ...own,
        ...own,
        ...away,
      ],
    ],
    [
      'takeover',
      [
        expect.stringMatching(/^READY 503 "ports":"10\.9\.9\.1:3002 held by another process"/),
        'BYPASS mcp_sluice_capture_bypass{address="10.9.9.1:3002"} 1',
        // Of the port that was taken one address is lost, and nothing else.
        ...[own[0], 'GET 200 thief 10.9.9.1:3002', ...own],
        ...['PROBE 200', ...own, ...own, ...away],
      ],
    ],
  ])(
    '[ports:each-captured] [ports:not-held] [ports:readiness] by %s brings each of two ports to its own server, of both families',
    (capture, expected) => {
      const folder = mkdtempSync(join(tmpdir(), 'mcp-sluice-'));
      const asked = { probe: { tcpSocket: { port: 'mcp' } }, port: 3002 };
      const args = [several, process.execPath, program, folder, capture, encodeProbe(asked), probePath(asked, 'app-probe')];
      const { stdout, stderr } = spawnSync('unshare', ['-n', 'sh', ...args], { encoding: 'utf8', timeout: 170_000 });
      const log = readFileSync(join(folder, 'log'), 'utf8');
      rmSync(folder, { recursive: true, force: true });
      const lines = stdout.split('\n').filter((line) => /^(RULES|READY|BYPASS|PROBE|GET) /.test(line));
      expect(lines, stderr + log).toEqual(expected);
    },
    180_000,
  );

  it('[scope:user-namespace] by redirect does so with root and NET_ADMIN of a user namespace, as hostUsers: false has them', () => {
    expectCaptured('redirect', redirect, ['-U', '-r', '-n']);
  });
});

function expectCaptured(capture: string, first: readonly string[], unshared: readonly string[]): void {
  const folder = mkdtempSync(join(tmpdir(), 'mcp-sluice-'));
  const question = [encodeProbe({ probe }), probePath({ probe }, 'app-probe')];
  const { stdout, stderr } = spawnSync('unshare', [...unshared, 'sh', script, process.execPath, program, folder, capture, ...question], {
    encoding: 'utf8',
    timeout: 50_000,
  });
  rmSync(folder, { recursive: true, force: true });
  const lines = stdout.split('\n').filter((line) => /^(RULES|APP|PROBE|GET|BATCH) /.test(line));
  const refused = expect.stringMatching(/^BATCH 400 .*-32600/);
  expect(lines, stderr).toEqual([...first, 'GET 200 app 127.0.0.1:3001', refused, 'GET 200 app 127.0.0.1:3001', refused]);
}
