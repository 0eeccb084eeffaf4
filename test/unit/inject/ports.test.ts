import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseOptions } from '../../../sidecar/options.ts';
import { admit } from '../../../src/inject/admit.ts';
import { applyPatch } from '../../../src/inject/apply-patch.ts';
import type { Facts } from '../../../src/inject/facts.ts';
import { listAt, textAt, valueAt } from '../../../src/inject/raw.ts';
import { uninject } from '../../../src/inject/uninject.ts';
import { PREFIX } from '../../../src/lib/prefix.ts';
import { facts, restricted, type SamplePod, samplePod } from './samples.ts';

const servers = (app: object = {}, helper: object = {}) => [
  { name: 'app', ports: [{ name: 'mcp', containerPort: 3000 }, { containerPort: 9090 }], ...app },
  {
    name: 'helper',
    ports: [
      { name: 'mcp', containerPort: 3001 },
      { name: 'dns', containerPort: 53, protocol: 'UDP' },
    ],
    ...helper,
  },
];

function podWith(annotations: Record<string, string>, containers: object[] = servers()): SamplePod {
  const pod = samplePod(annotations);
  return { ...pod, spec: { ...pod.spec, containers: containers as SamplePod['spec']['containers'] } };
}

function inject(pod: unknown, known: Facts = facts) {
  const admitted = admit({ kind: 'Pod', operation: 'CREATE', object: pod }, known);
  const codes = [...admitted.issues, ...admitted.cautions].map(({ code }) => code);
  return { codes, patch: admitted.patch, result: applyPatch(pod, admitted.patch) as SamplePod };
}

const argsOf = (pod: unknown, name: string) =>
  listAt(pod, 'spec', 'initContainers')
    .filter((each) => textAt(each, 'name') === name)
    .flatMap((each) => listAt(each, 'args').map(String));
const without = (object: unknown) => applyPatch(object, uninject('Pod', object));
const withPort = (pod: SamplePod, port: string): SamplePod => {
  const copy = structuredClone(pod);
  copy.metadata.annotations[`${PREFIX}port`] = port;
  return copy;
};

describe('several ports of one pod', () => {
  it('[ports:each-captured] become arguments which sidecar and capture take, in the order written', () => {
    const { result } = inject(podWith({ port: '3001, 3000' }));
    expect(argsOf(result, 'mcp-sluice').filter((each) => each.startsWith('--port='))).toEqual(['--port=3001', '--port=3000']);
    expect(argsOf(result, 'mcp-sluice-capture').slice(1)).toEqual(['--port=3001', '--to=15001', '--port=3000', '--to=15002']);
    const args = argsOf(result, 'mcp-sluice').map((each) => each.replace('$(POD_IPS)', '10.0.0.7').replace('$(POD_NAME)', 'a'));
    expect(parseOptions(args.slice(1))).toMatchObject({ ok: true, options: { servers: [{ port: 3001 }, { port: 3000 }] } });
    expect(argsOf(inject(podWith({ port: '3000,3001' }), restricted).result, 'mcp-sluice-capture')).toEqual([]);
  });

  it.each([
    ['3000, 3000', ['BAD_PORT']],
    ['3000,,3001', ['BAD_PORT']],
    ['3000,', ['BAD_PORT']],
    [',', ['BAD_PORT']],
    ['3000, Mcp', ['BAD_PORT']],
    ['3000, 65536', ['BAD_PORT']],
    ['1,2,3,4,5,6,7,8,9', ['BAD_PORT']],
    ['3000, 4000, 4001', ['PORT_UNDECLARED', 'PORT_UNDECLARED']],
    ['3000, dns', ['PORT_NOT_TCP']],
    ['3000, mcp', ['PORT_AMBIGUOUS']],
  ])('[ports:denied] are denied where they are %j', (port, codes) => {
    const { codes: told, patch } = inject(podWith({ port }));
    expect([told, patch]).toEqual([codes, []]);
  });

  it("[ports:denied] are denied where a number and a name are one, and where one is the sidecar's own", () => {
    const [app] = servers();
    expect(inject(podWith({ port: '3000, mcp' }, [app ?? {}])).codes).toEqual(['PORT_TWICE']);
    const taken = (containerPort: number) => [{ name: 'app', ports: [{ containerPort: 3000 }, { containerPort }] }];
    expect(inject(podWith({ port: '3000, 15002' }, taken(15_002))).codes).toEqual(['PORT_RESERVED']);
    expect(inject(podWith({ port: '3000, 15179' }, taken(15_179)), restricted).codes).toEqual(['PORT_RESERVED']);
    // No more is kept for us than is used.
    expect(inject(podWith({ port: '3000, 15003' }, taken(15_003))).codes).toEqual([]);
    expect(inject(podWith({ port: '3000' }, taken(15_002))).codes).toEqual([]);
    expect(inject(podWith({ port: '3000, 15002' }, taken(15_002)), restricted).codes).toEqual([]);
  });

  it('[ports:one-as-ever] are one where one is written, and chosen as ever where none is', () => {
    const one = inject(podWith({ port: '3000' }, servers().slice(0, 1)));
    expect(argsOf(one.result, 'mcp-sluice').filter((each) => each.startsWith('--port='))).toEqual(['--port=3000']);
    expect(inject(podWith({})).codes).toEqual(['PORT_AMBIGUOUS']);
    // What was served once stays, where nothing is written any more.
    const { result } = inject(podWith({ port: '3001, 3000' }));
    delete result.metadata.annotations[`${PREFIX}port`];
    for (const container of result.spec.containers) for (const port of listAt(container, 'ports')) delete (port as { name?: string }).name;
    const again = inject(result);
    expect(argsOf(again.result, 'mcp-sluice').filter((each) => each.startsWith('--port='))).toEqual(['--port=3000']);
  });

  it('[ports:bind-env] give each container that serves the variables of bind-env that it lacks, and take no other away', () => {
    const own = { name: 'HOST', value: '127.0.0.1' };
    const annotations = { port: '3000, 3001', 'bind-env': 'HOST=127.0.0.1' };
    for (const containers of [servers(), servers({ env: [own] }), servers({}, { env: [own] }), servers({ env: [own] }, { env: [own] })]) {
      const pod = podWith(annotations, containers);
      const { result } = inject(pod, restricted);
      expect(result.spec.containers.map(({ env }) => env)).toEqual([[own], [own]]);
      expect(inject(result, restricted).patch).toEqual([]);
      expect(without(result)).toEqual(pod);
      // Neither other names nor another order of the ports is of any consequence.
      const moved = withPort(result, '3001, 3000');
      for (const each of moved.spec.containers) each.name += '-v2';
      const wanted = withPort(pod, '3001, 3000');
      for (const each of wanted.spec.containers) each.name += '-v2';
      expect(without(inject(moved, restricted).result)).toEqual(wanted);
    }
  });

  it('[ports:bind-env] take the variables back from the container whose port is none of them any more', () => {
    const annotations = { port: '3000, 3001', 'bind-env': 'HOST=127.0.0.1' };
    const own = { name: 'HOST', value: '127.0.0.1' };
    for (const [app, helper] of [
      [{}, {}],
      [{ env: [own] }, { env: [own] }],
    ]) {
      const pod = podWith(annotations, servers(app, helper));
      for (const port of ['3000', '3001']) {
        const { result } = inject(withPort(inject(pod, restricted).result, port), restricted);
        expect(result.spec.containers).toEqual(inject(withPort(pod, port), restricted).result.spec.containers);
        expect(inject(result, restricted).patch).toEqual([]);
        expect(without(result)).toEqual(withPort(pod, port));
      }
    }
  });

  it('[ports:bind-env] are left alone where another container only declares the same port', () => {
    const same = { name: 'setup', ports: [{ containerPort: 3000 }], env: [{ name: 'HOST', value: '127.0.0.1' }] };
    for (const [containers, initContainers] of [
      [[...servers(), same], []],
      [servers(), [same]],
    ]) {
      const pod = podWith({ port: '3000, 3001', 'bind-env': 'HOST=127.0.0.1' }, containers);
      const whole = { ...pod, spec: { ...pod.spec, ...(initContainers?.length && { initContainers }) } };
      const { result } = inject(whole, restricted);
      expect(without(result)).toEqual(whole);
      const fewer = inject(withPort(result, '3001'), restricted).result;
      expect(without(fewer)).toEqual(withPort(whole, '3001'));
    }
  });

  it('[ports:bind-env] warn of each container that seems to bind all addresses', () => {
    const everywhere = { env: [{ name: 'HOST', value: '0.0.0.0' }] };
    const pod = podWith({ port: '3000, 3001' }, servers(everywhere, everywhere));
    expect(inject(pod, restricted).codes).toEqual(['BINDS_EVERYWHERE', 'BINDS_EVERYWHERE']);
  });
});

describe('probes of several ports', () => {
  const handler = fc.oneof(
    fc.constantFrom(3000, 3001, 9090, 'mcp', '3001').map((port) => ({ tcpSocket: { port } })),
    fc.constantFrom(3000, 3001).map((port) => ({ grpc: { port } })),
    fc.constantFrom(3000, 'mcp').map((port) => ({ httpGet: { port, path: '/health' } })),
  );
  const env = fc.constantFrom('127.0.0.1', '0.0.0.0').map((value) => [{ name: 'HOST', value }]);
  const app = fc.record({ startupProbe: handler, readinessProbe: handler, livenessProbe: handler, env }, { requiredKeys: [] });
  const order = fc.constantFrom('3000', '3001', '3000, 3001', '3001,3000');

  it('[ports:probes] [ports:bind-env] have the app asked at the port that they mean, and nothing is lost by another choice of ports', () => {
    fc.assert(
      fc.property(app, app, order, order, (one, other, before, after) => {
        const pod = podWith({ port: before, 'bind-env': 'HOST=127.0.0.1' }, servers(one, other));
        const { result } = inject(pod);
        expect(inject(result).patch).toEqual([]);
        expect(without(result)).toEqual(pod);
        // Chosen anew, it is as if it had never been otherwise.
        const anew = inject(withPort(result, after));
        const { result: once } = inject(withPort(pod, after));
        expect(anew.result.spec.containers).toEqual(once.spec.containers);
        expect(argsOf(anew.result, 'mcp-sluice')).toEqual(argsOf(once, 'mcp-sluice'));
        expect(without(anew.result)).toEqual(withPort(pod, after));
      }),
    );
  });

  it('[ports:probes] of two containers that give one name to two ports stay two questions', () => {
    const probed = () => ({ readinessProbe: { tcpSocket: { port: 'mcp' } } });
    const { result } = inject(podWith({ port: '3000, 3001' }, servers(probed(), probed())));
    const reordered = structuredClone(result);
    reordered.spec.containers.reverse();
    expect(argsOf(inject(reordered).result, 'mcp-sluice')).toEqual(argsOf(result, 'mcp-sluice'));
    const paths = result.spec.containers.map((each) => textAt(each, 'readinessProbe', 'httpGet', 'path'));
    expect([new Set(paths).size, paths.map((path) => path.split('-').at(-1))]).toEqual([2, ['3000', '3001']]);
    expect(argsOf(result, 'mcp-sluice').filter((each) => each.startsWith('--app-probe='))).toEqual([
      '--app-probe=3000 {"tcpSocket":{"port":"mcp"}}',
      '--app-probe=3001 {"tcpSocket":{"port":"mcp"}}',
    ]);
  });

  it('[ports:probes] are kept for a mesh that came after us, each about its own port, also where there was one before', () => {
    const probed = () => ({ readinessProbe: { tcpSocket: { port: 'mcp' } } });
    const meshed = (pod: SamplePod): SamplePod => {
      const copy = structuredClone(pod);
      for (const each of copy.spec.containers) delete each['readinessProbe'];
      copy.spec.containers.push({ name: 'istio-proxy' });
      return copy;
    };
    const probesOf = (pod: SamplePod) => argsOf(inject(pod).result, 'mcp-sluice').filter((each) => each.startsWith('--app-probe='));
    const both = inject(podWith({ port: '3000, 3001' }, servers(probed(), probed()))).result;
    expect(probesOf(meshed(both))).toHaveLength(2);
    expect(probesOf(withPort(meshed(both), '3001'))).toEqual(['--app-probe={"tcpSocket":{"port":"mcp"}}']);
    const single = inject(podWith({ port: '3001' }, servers({}, probed()))).result;
    expect(probesOf(withPort(meshed(single), '3000, 3001'))).toEqual(['--app-probe=3001 {"tcpSocket":{"port":"mcp"}}']);
  });

  it('[ports:probes] draw a warning by HTTPS at any of them', () => {
    const probe = { readinessProbe: { httpGet: { port: 3001, scheme: 'HTTPS' } } };
    expect(inject(podWith({ port: '3000, 3001' }, servers({}, probe))).codes).toEqual(['PORT_SPEAKS_TLS']);
    expect(valueAt(inject(podWith({ port: '3000' }, servers({}, probe))).codes, [0])).toBe('PORT_UNMETERED');
  });
});
