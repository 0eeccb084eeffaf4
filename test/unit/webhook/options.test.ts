import { describe, expect, it } from 'vitest';
import { parseOptions, renderHelp } from '../../../webhook/options.ts';

const inPod = ['--pod-name=p', '--pod-namespace=mcp-sluice-system'];
const errorsOf = (...argv: string[]) => {
  const parsed = parseOptions(argv);
  return 'errors' in parsed ? parsed.errors.join('\n') : '';
};

describe('options of the webhook', () => {
  it('takes those of the manifests', () => {
    expect(parseOptions(['--listen=:10250', ...inPod])).toEqual({
      options: {
        standalone: false,
        listen: { port: 10_250 },
        logLevel: 'info',
        defaults: {},
        podName: 'p',
        podNamespace: 'mcp-sluice-system',
      },
    });
  });

  it.each([
    ['127.0.0.1:0', { host: '127.0.0.1', port: 0 }],
    ['[::1]:8443', { host: '::1', port: 8443 }],
    ['localhost:8443', { host: 'localhost', port: 8443 }],
    [':8443', { port: 8443 }],
  ])('listens at %s', (text, listen) => {
    expect(parseOptions([`--listen=${text}`, ...inPod])).toHaveProperty('options.listen', listen);
  });

  it.each(['8443', '::1:8443', 'host:', 'host:70000', 'host:x'])('does not listen at %s', (text) => {
    expect(errorsOf(`--listen=${text}`, ...inPod)).toMatch(/^--listen: /);
  });

  it('makes annotations of the defaults', () => {
    const parsed = parseOptions([
      ...inPod,
      '--default-redis',
      'rediss://redis:6379',
      '--default-redis-ca=corp',
      '--default-redis-secret=login',
    ]);
    expect(parsed).toHaveProperty('options.defaults', {
      'mcp-sluice.dev/redis': 'rediss://redis:6379',
      'mcp-sluice.dev/redis-ca': 'corp',
      'mcp-sluice.dev/redis-secret': 'login',
    });
  });

  it('[scope:pull-secrets] takes names of Secrets for pulling', () => {
    expect(parseOptions([...inPod, '--image-pull-secrets=a,b.c'])).toHaveProperty('options.imagePullSecrets', ['a', 'b.c']);
    for (const wrong of ['a,', 'A', 'a b']) expect(errorsOf(...inPod, `--image-pull-secrets=${wrong}`)).toMatch(/^--image-pull-secrets: /);
  });

  it('[webhook:leaf-lifetime] takes a life of 1m to 24h for certificates of its own', () => {
    expect(parseOptions([...inPod, '--leaf-lifetime=8h'])).toHaveProperty('options.leafLifetimeMs', 8 * 3_600_000);
    expect(parseOptions(inPod)).not.toHaveProperty('options.leafLifetimeMs');
    for (const wrong of ['59s', '24h1s', '8', 'day', '-1h'])
      expect(errorsOf(...inPod, `--leaf-lifetime=${wrong}`)).toMatch(/^--leaf-lifetime: has to be 1m to 24h/);
    expect(errorsOf(...inPod, '--leaf-lifetime=8h', '--tls-dir=d')).toMatch(/^--leaf-lifetime: says nothing of/);
    expect(errorsOf('--standalone', '--tls-dir=d', '--image=i', '--leaf-lifetime=8h')).toMatch(/^--leaf-lifetime: is not for --standalone/);
  });

  it('[webhook:options] tells everything that is wrong at once', () => {
    const errors = errorsOf(
      '--lisen=:1',
      'stray',
      '--listen=x',
      '--standalone=yes',
      '--default-redis=nowhere',
      '--log-level=loud',
      '--pod-name=A B',
    );
    expect(errors.split('\n').map((line) => line.split(/[:, ]/)[0])).toEqual(
      expect.arrayContaining([
        '--lisen',
        '"stray"',
        '--listen',
        '--standalone',
        '--default-redis',
        '--log-level',
        '--pod-name',
        '--pod-namespace',
      ]),
    );
    expect(errors).toMatch(/did you mean "listen"/);
  });

  it('refuses a pod name that Kubernetes did not fill in', () => {
    expect(errorsOf('--pod-name=$(POD_NAME)', '--pod-namespace=n')).toMatch(/--pod-name/);
  });

  it('stands alone with a folder and an image, and with nothing of a pod', () => {
    expect(parseOptions(['--standalone', '--tls-dir=d', '--image=i'])).toHaveProperty('options.tlsDirectory', 'd');
    expect(errorsOf('--standalone', '--pod-name=p')).toMatch(/--image: is missing.*--tls-dir: is missing.*--pod-name: is not for/s);
    expect(errorsOf(...inPod, '--namespaces=f')).toMatch(/--namespaces: is for --standalone/);
  });

  it('has help for every option', () => {
    expect(renderHelp().match(/^ {2}--[a-z-]+/gm)?.length).toBe(14);
  });
});
