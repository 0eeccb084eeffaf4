import { describe, expect, it } from 'vitest';
import { parseOptions } from '../../../sidecar/options.ts';
import { encodeProbe } from '../../../src/lib/app-probe.ts';

const inPod = [
  '--in-pod',
  '--capture=takeover',
  '--port=3001',
  '--pod-ips=10.0.0.7,fd00::7',
  '--annotations=/a',
  '--owner=shop/Deployment/mcp',
];
const byHand = ['--listen', '127.0.0.1:8080', '--upstream', 'http://127.0.0.1:9000', '--annotations', 'a.yaml'];

const optionsOf = (argv: string[]) => {
  const parsed = parseOptions(argv);
  if (!parsed.ok) throw new Error(parsed.errors.join('\n'));
  return parsed.options;
};
const errorsOf = (argv: string[]) => {
  const parsed = parseOptions(argv);
  return parsed.ok ? [] : parsed.errors;
};

describe('the command line in a pod', () => {
  it('[sidecar:takeover] holds each address of the pod at the port, and finds the app on loopback', () => {
    expect(optionsOf(inPod)).toMatchObject({
      capture: 'takeover',
      servers: [
        {
          port: 3001,
          listen: [
            { host: '10.0.0.7', port: 3001 },
            { host: 'fd00::7', port: 3001 },
          ],
          upstreams: ['http://127.0.0.1:3001', 'http://[::1]:3001'],
          upstreamHost: '127.0.0.1:3001',
        },
      ],
      admin: { port: 15179 },
    });
  });

  it('[sidecar:redirect] listens on all addresses at 15001, and finds the app on the pod addresses too', () => {
    const [server] = optionsOf(inPod.with(1, '--capture=redirect')).servers;
    expect(server?.listen).toEqual([{ port: 15001 }]);
    expect(server?.upstreams).toEqual(['http://127.0.0.1:3001', 'http://[::1]:3001', 'http://10.0.0.7:3001', 'http://[fd00::7]:3001']);
  });

  it('[probe:record] takes what kubelets would have asked the app, and nothing else for it', () => {
    const probe = { grpc: { port: 3001, service: 'a $(POD_IPS)' } };
    const options = optionsOf([...inPod, `--app-probe=${encodeProbe({ probe })}`, '--app-probe={"tcpSocket":{}}']);
    expect(options.servers.map(({ probes }) => probes)).toEqual([[probe, { tcpSocket: {} }]]);
    for (const wrong of ['{}', '[]', '{"exec":{}}', '{"grpc":1}', '{"grpc":{},"tcpSocket":{}}', 'x']) {
      expect(errorsOf([...inPod, `--app-probe=${wrong}`])).toHaveLength(1);
    }
  });

  it('[ports:each-captured] has each port taken over, and the app asked at the same one on loopback', () => {
    const { servers } = optionsOf([...inPod, '--port=3002']);
    expect(servers.map(({ port, upstreamHost }) => [port, upstreamHost])).toEqual([
      [3001, '127.0.0.1:3001'],
      [3002, '127.0.0.1:3002'],
    ]);
    expect(servers[1]).toMatchObject({
      listen: [
        { host: '10.0.0.7', port: 3002 },
        { host: 'fd00::7', port: 3002 },
      ],
      upstreams: ['http://127.0.0.1:3002', 'http://[::1]:3002'],
    });
  });

  it('[ports:each-captured] has each port redirected to one of its own', () => {
    const { servers } = optionsOf([...inPod.with(1, '--capture=redirect'), '--port=3002', '--port=3003']);
    expect(servers.map(({ listen }) => listen)).toEqual([[{ port: 15001 }], [{ port: 15002 }], [{ port: 15003 }]]);
    expect(servers[1]?.upstreams).toEqual(['http://127.0.0.1:3002', 'http://[::1]:3002', 'http://10.0.0.7:3002', 'http://[fd00::7]:3002']);
  });

  it('[ports:probes] gives each server the probes of its own port', () => {
    const probe = { tcpSocket: { port: 'mcp' } };
    const { servers } = optionsOf([
      ...inPod,
      '--port=3002',
      `--app-probe=${encodeProbe({ probe, port: 3002 })}`,
      `--app-probe=${encodeProbe({ probe, port: 3001 })}`,
    ]);
    expect(servers.map(({ probes }) => probes)).toEqual([[probe], [probe]]);
    expect(errorsOf([...inPod, `--app-probe=${encodeProbe({ probe, port: 3003 })}`])).toEqual([
      '--app-probe is about port 3003, which is no --port',
    ]);
  });

  it('[ports:denied] refuses a port twice, too many of them, and one that a redirected port arrives at', () => {
    expect(errorsOf([...inPod, '--port=3001'])).toEqual(['--port 3001 is given twice']);
    const nine = Array.from({ length: 8 }, (_, index) => `--port=${3002 + index}`);
    expect(errorsOf([...inPod, ...nine])).toEqual(['--port stands 9 times, at most 8 are served']);
    const redirected = inPod.with(1, '--capture=redirect');
    expect(errorsOf([...redirected, '--port=15002'])).toEqual(["--port 15002 is one of the sidecar's own"]);
    expect(errorsOf([...redirected, '--port=15003'])).toEqual([]);
    expect(errorsOf([...inPod, '--port=15002'])).toEqual([]);
  });

  it('refuses the options of the other form', () => {
    expect(errorsOf([...inPod, '--listen=127.0.0.1:1'])).toEqual(['--listen is of the form without --in-pod']);
    expect(errorsOf([...byHand, '--pod-ips=10.0.0.7'])).toEqual(['--pod-ips is of the form with --in-pod']);
    expect(errorsOf([...inPod, '--pod-name=a|b'])).toEqual(['--pod-name "a|b" is no name of a pod']);
  });

  it('refuses a port of its own, and a loopback address to hold', () => {
    expect(errorsOf(inPod.with(2, '--port=15179'))).toHaveLength(1);
    expect(errorsOf(inPod.with(2, '--port=15001'))).toEqual([]);
    expect(errorsOf(inPod.with(1, '--capture=redirect').with(2, '--port=15001'))).toHaveLength(1);
    expect(errorsOf(inPod.with(3, '--pod-ips=127.0.0.1'))).toHaveLength(1);
  });
});

describe('the command line by hand', () => {
  it('takes several addresses, and names the owner after the upstream', () => {
    const options = optionsOf([...byHand, '--listen', '[::1]:8081', '--admin', 'localhost:9090']);
    expect(options).toMatchObject({
      servers: [
        {
          port: 9000,
          listen: [
            { host: '127.0.0.1', port: 8080 },
            { host: '::1', port: 8081 },
          ],
          upstreamHost: '127.0.0.1:9000',
          probes: [],
        },
      ],
      admin: { host: '127.0.0.1', port: 9090 },
      owner: 'local/Sidecar/127.0.0.1-9000',
      maxBodyBytes: 8 * 1024 * 1024,
      graceMs: 30_000,
    });
    expect(options.capture).toBeUndefined();
  });

  it('[sidecar:all-errors] says everything that is wrong at once', () => {
    const errors = errorsOf(['run', '--listen', '8080', '--upstream', 'https://u:p@h/x', '--max-body', '1e3', '--owner', 'x', '--colour']);
    expect(errors).toHaveLength(7);
    for (const word of ['run', '--listen', '--upstream', '--max-body', '--owner', '--colour', '--annotations']) {
      expect(errors.filter((error) => error.includes(word)).length, word).toBeGreaterThan(0);
    }
  });

  it.each(['relative.crt', '/a/../b.crt', '/a\0b', '/..'])('[sidecar:ca-file] refuses the CA file %j', (path) => {
    expect(errorsOf([...byHand, `--redis-ca-file=${path}`])).toHaveLength(1);
    expect(errorsOf([...byHand, `--identity-ca-file=${path}`, `--redis-ca-file=${path}`])).toHaveLength(2);
  });

  it('[sidecar:ca-file] takes an absolute path, dots inside names included', () => {
    expect(errorsOf([...byHand, '--redis-ca-file=/etc/..data/ca..crt'])).toEqual([]);
  });

  it.each(['http://h:1/path', 'http://h:1/?q', 'ftp://h:1', 'h:1', 'http://u@h:1'])('refuses the upstream %s', (url) => {
    expect(errorsOf(byHand.with(3, url))).toHaveLength(1);
  });

  it.each(['8080', '1.2.3:80', 'example.org:80', '::1:80', '127.0.0.1:65536', '127.0.0.1:'])('refuses to listen at %s', (address) => {
    expect(errorsOf(byHand.with(1, address))).toHaveLength(1);
  });

  it('refuses an option that stands twice, has no value, or has one that it does not take', () => {
    expect(errorsOf([...byHand, '--owner=a/B/c', '--owner=a/B/c'])).toEqual(['--owner stands twice']);
    expect(errorsOf([...byHand, '--owner='])).toEqual(['--owner needs a value']);
    expect(errorsOf([...inPod, '--in-pod=yes'])).toContain('--in-pod takes no value, but got "yes"');
  });
});
