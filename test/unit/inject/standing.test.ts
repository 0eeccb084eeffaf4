import { describe, expect, it } from 'vitest';
import { stamp, VERSION } from '../../../src/inject/stamp.ts';
import { standingOf } from '../../../src/inject/standing.ts';

const images = { image: 'registry.test/mcp-sluice:2', allowedImages: ['registry.test/mcp-sluice:2', 'registry.test/mcp-sluice:1'] };
const sidecar = { name: 'mcp-sluice', image: images.image, restartPolicy: 'Always', args: ['sidecar', '--in-pod', '--capture=takeover'] };
const redirected = { ...sidecar, args: ['sidecar', '--in-pod', '--capture=redirect'] };
const capture = { name: 'mcp-sluice-capture', image: images.image, args: ['capture', '--port=1'] };

interface Sketch {
  readonly inject?: string;
  readonly label?: string;
  readonly status?: string;
  readonly init?: readonly object[];
}
const asking = { 'mcp-sluice.dev/inject': 'true' };
const pod = ({ inject = 'true', label = 'true', status = stamp(asking), init = [sidecar] }: Sketch) => ({
  metadata: {
    annotations: { 'mcp-sluice.dev/inject': inject, 'mcp-sluice.dev/status': status },
    labels: { 'mcp-sluice.dev/injected': label },
  },
  spec: { initContainers: init },
});

describe('how a running pod stands to the webhook of today', () => {
  it.each<[string, unknown]>([
    ['a pod without anything of ours', { metadata: {}, spec: { containers: [{ name: 'app' }] } }],
    ['a pod that declines', pod({ inject: 'false', label: '', init: [] })],
    ['nothing at all', null],
  ])('[report:states] says nothing of %s', (_what, value) => {
    expect(standingOf(value, images)).toBeUndefined();
  });

  it.each<[string, string, unknown]>([
    ['fresh', 'is as made today', pod({})],
    ['fresh', 'is as made today, with redirect', pod({ init: [redirected, capture] })],
    ['fresh', 'has remote entries only', pod({ init: [{ ...sidecar, args: ['sidecar', '--in-pod', '--entries=127.0.0.1:15010'] }] })],
    ['fresh', 'has the sidecar after another init container', pod({ init: [{ name: 'mesh' }, sidecar] })],
    ['stale', 'runs the image before', pod({ init: [{ ...sidecar, image: 'registry.test/mcp-sluice:1' }] })],
    ['stale', 'runs an image of ours from longer ago', pod({ init: [{ ...sidecar, image: 'registry.test/mcp-sluice:0' }] })],
    ['stale', 'was made by another version', pod({ status: '{"version":"0.0.9","config":"x"}' })],
    ['stale', 'has a stamp without the hashes', pod({ status: JSON.stringify({ version: VERSION }) })],
    ['stale', "has another configuration's stamp", pod({ status: stamp({ ...asking, 'mcp-sluice.dev/port': '1' }) })],
    ['stale', 'has no stamp', pod({ status: '' })],
    ['stale', 'has a stamp that is no JSON', pod({ status: '{' })],
    ['naked', 'asks and has no sidecar', pod({ init: [], label: '' })],
    ['naked', 'asks, is labelled and has no sidecar', pod({ init: [{ name: 'other' }] })],
    ['naked', 'asks and has our name among its containers only', pod({ init: [], label: '' })],
    ['forged', 'is labelled, does not ask and has no sidecar', pod({ inject: 'false', init: [] })],
    ['forged', "has somebody else's image", pod({ init: [{ ...sidecar, image: 'evil.test/mcp-sluice:2' }] })],
    ['forged', 'has no image', pod({ init: [{ name: 'mcp-sluice' }] })],
    ['forged', 'has another command', pod({ init: [{ ...sidecar, command: ['sleep', '1'] }] })],
    ['forged', 'does not run the sidecar', pod({ init: [{ ...sidecar, args: ['drain'] }] })],
    ['forged', 'runs it as if by hand', pod({ init: [{ ...sidecar, args: ['sidecar'] }] })],
    ['forged', 'has it as an init container that ends', pod({ init: [{ ...sidecar, restartPolicy: undefined }] })],
    ['forged', 'redirects without the container that does it', pod({ init: [redirected] })],
    ['forged', 'redirects with another command', pod({ init: [redirected, { ...capture, command: ['true'] }] })],
    ['forged', 'lacks the label', pod({ label: '' })],
  ])('[report:states] calls %s a pod that %s', (state, _what, value) => {
    expect(standingOf(value, images)?.state).toBe(state);
  });

  it('[scope:static-pods] says of a static pod without sidecar that only its file can give it one', () => {
    const mirror = { ...pod({ init: [], label: '' }), spec: { containers: [{ name: 'app' }] } };
    const annotations = { ...mirror.metadata.annotations, 'kubernetes.io/config.mirror': 'abc' };
    const { state, reason } = standingOf({ ...mirror, metadata: { annotations } }, images) ?? {};
    expect([state, reason]).toEqual([
      'naked',
      expect.stringContaining('put the sidecar into the file with mcp-sluice inject --static-pod'),
    ]);
    expect(standingOf(mirror, images)?.reason).not.toContain('file');
  });

  it('[report:bounded] repeats nothing of a stamp but what looks like a version', () => {
    const status = JSON.stringify({ version: `0.1.0\n${'x'.repeat(5000)}` });
    expect(standingOf(pod({ status }), images)?.reason).toBe(`it was injected by version unknown, and ${VERSION} runs now`);
  });
});
