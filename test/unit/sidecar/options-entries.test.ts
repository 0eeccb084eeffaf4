import { describe, expect, it } from 'vitest';
import { parseOptions } from '../../../sidecar/options.ts';

const pod = ['--in-pod', '--pod-ips=10.0.0.7,fd00::7', '--annotations=/a', '--owner=shop/Deployment/agent'];
const entries = '--entries=127.0.0.1:15010';
const optionsOf = (argv: string[]) => {
  const parsed = parseOptions(argv);
  return parsed.ok ? parsed.options : { errors: parsed.errors };
};

describe('the command line of a sidecar with remote entries', () => {
  it('[entry:options] says where they listen, and where their files are', () => {
    expect(optionsOf([...pod, '--capture=takeover', '--port=3001', entries])).toMatchObject({
      entries: { host: '127.0.0.1', port: 15010 },
      podIps: ['10.0.0.7', 'fd00::7'],
      caBundlesDir: '/etc/mcp-sluice/ca-bundles',
      entryHeadersDir: '/etc/mcp-sluice/entry-headers',
      servers: [{ listen: [{ host: '10.0.0.7', port: 3001 }, { host: 'fd00::7' }] }],
    });
    expect(optionsOf([...pod, entries, '--ca-bundles-dir=/b', '--entry-headers-dir=/h'])).toMatchObject({
      caBundlesDir: '/b',
      entryHeadersDir: '/h',
    });
  });

  it('[entry:options] [entry:only] may have nothing else', () => {
    expect(optionsOf([...pod, entries])).toMatchObject({ servers: [], admin: { port: 15179 } });
    expect(optionsOf([entries, '--annotations=a.yaml', '--admin=127.0.0.1:0'])).toMatchObject({ servers: [], podIps: [] });
    expect(optionsOf(pod)).toMatchObject({ errors: [expect.stringContaining('--capture'), "--port is missing: the app's port"] });
    expect(optionsOf([...pod, entries, '--port=3001'])).toMatchObject({ errors: [expect.stringContaining('--capture')] });
  });

  it.each(['0.0.0.0:15010', '10.0.0.7:15010', '[::]:15010', 'example.com:15010', '15010'])(
    '[entry:options] [entry:loopback] refuses to listen at %s',
    (at) => {
      expect(optionsOf([...pod, `--entries=${at}`])).toMatchObject({ errors: [expect.stringContaining('--entries')] });
    },
  );

  it('[entry:options] refuses folders that are not absolute, and an app at the port of the entries', () => {
    expect(optionsOf([...pod, entries, '--ca-bundles-dir=../b', '--entry-headers-dir=/a/../b'])).toMatchObject({
      errors: [expect.stringContaining('--ca-bundles-dir'), expect.stringContaining('--entry-headers-dir')],
    });
    expect(optionsOf([...pod, '--capture=takeover', '--port=15010', entries])).toMatchObject({
      errors: [expect.stringContaining('15010')],
    });
    expect(optionsOf([...pod, '--capture=takeover', '--port=15010'])).toMatchObject({
      servers: [{ upstreamHost: '127.0.0.1:15010' }],
    });
  });
});
