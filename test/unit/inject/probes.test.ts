import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { admit } from '../../../src/inject/admit.ts';
import { applyPatch } from '../../../src/inject/apply-patch.ts';
import { createEdit } from '../../../src/inject/edit.ts';
import { restoreProbes } from '../../../src/inject/probes.ts';
import { listAt, valueAt } from '../../../src/inject/raw.ts';
import { decodeProbe, encodeProbe } from '../../../src/lib/app-probe.ts';
import { facts, type SamplePod, samplePod } from './samples.ts';

const JWT = 'jwt: {issuer: "https://login.example", audience: a, required: true}';

function podWith(app: object, annotations: Record<string, string> = {}, name = 'app'): SamplePod {
  const pod = samplePod(annotations);
  pod.spec.containers[0] = { name, image: 'example.com/app:1', ports: [{ name: 'mcp', containerPort: 3000 }], ...app };
  return pod;
}

function inject(pod: unknown) {
  const admitted = admit({ kind: 'Pod', operation: 'CREATE', object: pod }, facts);
  expect(admitted.issues).toEqual([]);
  const result = applyPatch(pod, admitted.patch) as SamplePod;
  const args = listAt(result, 'spec', 'initContainers')
    .filter((each) => valueAt(each, ['name']) === 'mcp-sluice')
    .flatMap((each) => listAt(each, 'args').map(String));
  const asked = args.filter((each) => each.startsWith('--app-probe=')).map((each) => decodeProbe(each.slice('--app-probe='.length))?.probe);
  return { result, asked, codes: admitted.cautions.map(({ code }) => code), patch: admitted.patch };
}
const appOf = (pod: SamplePod, index = 0) => pod.spec.containers[index];
const atAdmin = { port: 15179, scheme: 'HTTP' };

describe('probes of the captured port', () => {
  it.each([
    ['a tcpSocket probe', { readinessProbe: { tcpSocket: { port: 3000 }, periodSeconds: 7 } }, ['readinessProbe'], 'app-probe/tcpSocket'],
    ['its port by name', { startupProbe: { tcpSocket: { port: 'mcp' } } }, ['startupProbe'], 'app-probe/tcpSocket'],
    ['a gRPC probe', { livenessProbe: { grpc: { port: 3000, service: 's' } } }, ['livenessProbe'], 'app-probe/grpc'],
    ['a tcpSocket hook', { lifecycle: { preStop: { tcpSocket: { port: '3000' } } } }, ['lifecycle', 'preStop'], 'app-hook/tcpSocket'],
  ])('[probe:routed] ask the sidecar: %s', (_, app, at, path) => {
    const { result, asked, codes } = inject(podWith(app));
    const { tcpSocket, grpc, ...rest } = valueAt(app, at) as Record<string, object>;
    expect(valueAt(appOf(result), at)).toEqual({
      ...rest,
      httpGet: { ...atAdmin, path: expect.stringMatching(`^/${path}-[0-9a-f]{12}$`) },
    });
    expect(asked).toEqual([tcpSocket ? { tcpSocket } : { grpc }]);
    expect(codes).toEqual([]);
  });

  it.each([
    ['by HTTP', { readinessProbe: { httpGet: { path: '/health', port: 'mcp' } } }, {}],
    ['by HTTP in a hook', { lifecycle: { preStop: { httpGet: { path: '/leave', port: 3000 } } } }, {}],
    ['by a command', { readinessProbe: { exec: { command: ['check'] } } }, {}],
    ['at another port', { ports: [{ containerPort: 3000 }], readinessProbe: { tcpSocket: { port: 3001 } } }, {}],
    ['at another host', { readinessProbe: { tcpSocket: { port: 3000, host: 'example.com' } } }, {}],
    ['at a port of a name that the container lacks', { readinessProbe: { tcpSocket: { port: 'metrics' } } }, {}],
    [
      'by HTTP where no token is needed',
      { readinessProbe: { httpGet: { path: '/health', port: 3000 } } },
      { identity: JWT, paths: '/mcp' },
    ],
    [
      'by HTTP where a path only begins alike',
      { readinessProbe: { httpGet: { path: '/mcpx', port: 3000 } } },
      { identity: JWT, paths: '/mcp' },
    ],
  ])('[probe:elsewhere] are left alone where the app is asked %s', (_, app, annotations) => {
    const pod = podWith(app, annotations);
    const { result, asked, codes } = inject(pod);
    expect([appOf(result), asked, codes]).toEqual([appOf(pod), [], []]);
  });

  it.each([
    ['/', { identity: JWT }],
    ['/mcp', { identity: JWT, paths: '/mcp' }],
    ['/mcp/health', { identity: JWT, paths: '/other,/mcp' }],
    ['/mcp?x', { identity: JWT, paths: '/mcp' }],
    ['mcp', { identity: JWT, paths: '/mcp' }],
  ])('[probe:token] ask the sidecar by HTTP where %s needs a token', (path, annotations) => {
    const httpGet = { path, port: 3000 };
    const { result, asked } = inject(podWith({ readinessProbe: { httpGet } }, annotations));
    expect(valueAt(appOf(result), ['readinessProbe', 'httpGet', 'port'])).toBe(15179);
    expect(asked).toEqual([{ httpGet }]);
    const hook = inject(podWith({ lifecycle: { postStart: { httpGet } } }, annotations));
    expect([valueAt(appOf(hook.result), ['lifecycle', 'postStart', 'httpGet']), hook.codes]).toEqual([httpGet, ['HOOK_NEEDS_TOKEN']]);
  });

  it('[probe:elsewhere] draw a warning where they are by HTTPS, which the sidecar cannot read', () => {
    expect(inject(podWith({ readinessProbe: { httpGet: { port: 3000, scheme: 'HTTPS' } } })).codes).toEqual(['PORT_SPEAKS_TLS']);
  });
});

describe('the record of what was asked', () => {
  const handlers = fc.oneof(
    fc.record({ tcpSocket: fc.record({ port: fc.constantFrom(3000, 'mcp') }) }),
    fc.record({ grpc: fc.record({ port: fc.constant(3000), service: fc.string() }, { requiredKeys: ['port'] }) }),
    fc.record({ httpGet: fc.record({ port: fc.constant('mcp'), path: fc.string().map((path) => `/mcp/${path}`) }) }),
    fc.record({ exec: fc.record({ command: fc.array(fc.string()) }) }),
  );
  const probe = fc.tuple(handlers, fc.record({ periodSeconds: fc.nat(), '~x/y': fc.jsonValue() }, { requiredKeys: [] }));
  const probes = fc.record({ startupProbe: probe, readinessProbe: probe, livenessProbe: probe }, { requiredKeys: [] });
  const apps = probes.map((each) =>
    Object.fromEntries(Object.entries(each).map(([key, [handler, rest]]) => [key, { ...rest, ...handler }])),
  );
  const settings = fc.constantFrom({}, { identity: JWT, paths: '/mcp' });

  it('[probe:record] gives back to the letter what stood there', () => {
    fc.assert(
      fc.property(apps, settings, (app, annotations) => {
        const pod = podWith(app, annotations);
        const edit = createEdit(inject(pod).result);
        restoreProbes(edit, ['spec']);
        expect((edit.root as SamplePod).spec.containers).toEqual(pod.spec.containers);
      }),
    );
  });

  it('[probe:record] is the same when injection is repeated, also where the containers have other names and places', () => {
    fc.assert(
      fc.property(apps, apps, settings, (app, other, annotations) => {
        const pod = podWith(app, annotations);
        pod.spec.containers.push({ name: 'second', ports: [{ name: 'mcp', containerPort: 3000 }], ...other });
        const first = inject(pod);
        expect(inject(first.result).patch).toEqual([]);
        const moved = structuredClone(first.result);
        moved.spec.containers.reverse();
        // Each has the name of the other now.
        for (const [index, container] of moved.spec.containers.entries()) container.name = pod.spec.containers[index]?.name ?? '';
        const again = inject(moved);
        expect(again.result.spec.containers).toEqual(moved.spec.containers);
        const sorted = (asked: unknown[]) => asked.map((each) => JSON.stringify(each)).sort();
        expect(sorted(again.asked)).toEqual(sorted(first.asked));
      }),
    );
  });

  it('[probe:record] is kept for a mesh that came after us and asks in the kubelet’s place', () => {
    const { result, asked } = inject(podWith({ readinessProbe: { tcpSocket: { port: 3000 } } }));
    const meshed = structuredClone(result);
    Object.assign(meshed.spec.containers[0] ?? {}, { readinessProbe: { httpGet: { path: '/app-health/app/readyz', port: 15020 } } });
    meshed.spec.containers.push({ name: 'istio-proxy' });
    expect(inject(meshed).asked).toEqual(asked);
  });

  it('[probe:record] is dropped, and what stood there given back, where the port is another one now', () => {
    const app = { readinessProbe: { tcpSocket: { port: 3000 } } };
    const { result } = inject(podWith(app));
    Object.assign(result.spec.containers[0] ?? {}, { ports: [{ containerPort: 4000 }] });
    const again = inject(result);
    expect([valueAt(appOf(again.result), ['readinessProbe']), again.asked]).toEqual([app.readinessProbe, []]);
  });

  it('[probe:record] that is lost draws a warning', () => {
    const { result } = inject(podWith({ readinessProbe: { tcpSocket: { port: 3000 } } }));
    result.spec.initContainers = [];
    result.spec.volumes = [];
    expect(inject(result).codes).toEqual(['PROBE_LOST']);
  });

  it('[probe:record] that somebody made up at length costs no more than it is long', () => {
    const many = 3_000;
    const args = Array.from({ length: many }, (_, port) => `--app-probe=${encodeProbe({ probe: { tcpSocket: { port } } })}`);
    const probe = { httpGet: { ...atAdmin, path: '/app-probe/tcpSocket-000000000000' } };
    const containers = Array.from({ length: many }, (_, index) => ({ name: `c${index}`, readinessProbe: probe }));
    const pod = { spec: { initContainers: [{ name: 'mcp-sluice', args }], containers } };
    const edit = createEdit(pod);
    // By their product it would take longer than a test may.
    restoreProbes(edit, ['spec']);
    expect(edit.patch).toEqual([]);
  });

  it('[probe:record] is written so that Kubernetes expands nothing in it, and is read again', () => {
    const value = fc.dictionary(fc.constantFrom('port', 'path', 'service'), fc.oneof(fc.string(), fc.constant('$(POD_IPS) $$')));
    fc.assert(
      fc.property(fc.constantFrom('httpGet', 'tcpSocket', 'grpc'), value, (kind, handler) => {
        const probe = { [kind]: { ...handler } } as never;
        for (const asked of [{ probe }, { probe, port: 3001 }]) {
          const text = encodeProbe(asked);
          expect(text).not.toContain('$');
          expect(decodeProbe(text)).toEqual(asked);
        }
      }),
    );
    for (const wrong of [
      '',
      'null',
      '[]',
      '{}',
      '{"exec":{}}',
      '{"grpc":[]}',
      '{"grpc":{},"httpGet":{}}',
      '0 {"grpc":{}}',
      '1,{"grpc":{}}',
    ])
      expect(decodeProbe(wrong)).toBeUndefined();
  });
});
