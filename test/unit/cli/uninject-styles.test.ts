import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { inject, uninject } from './run.ts';

const FLAGS = ['--default-redis', 'redis://r:6379'];
/** A busy machine takes its time; a hang is found all the same. */
const CEILING_MS = 60_000;

/** Documents as people and tools write them; each asks for a sidecar, or has nothing to do with us. */
const DOCUMENTS: readonly string[] = [
  // As Helm prints it.
  `# Source: shop/templates/app.yaml
apiVersion: apps/v1
kind: Deployment
metadata:
  name: shop-app
  labels:
    helm.sh/chart: shop-1.0.0
    app.kubernetes.io/managed-by: Helm
spec:
  replicas: 1
  template:
    metadata:
      annotations:
        mcp-sluice.dev/inject: "true"
      labels:
        app: shop
    spec:
      containers:
        - name: app
          securityContext:
            {}
          image: "nginx:1.16.0"
          ports:
            - name: mcp
              containerPort: 3000
              protocol: TCP
          livenessProbe:
            tcpSocket:
              port: mcp
          readinessProbe:
            httpGet:
              path: /
              port: mcp
          resources:
            {}
`,
  // With an anchor, a merge key and an alias.
  `kind: Pod
metadata: &meta
  name: a   # its name
  labels: &l {app: x}
  annotations: {mcp-sluice.dev/inject: "true", "other":   'y'}
spec:
  nodeSelector: *l
  containers:
  - &c
    name: app
    ports: [{containerPort: 3000}]
    env: [ ]
  - <<: *c
    name: b
    ports: []
`,
  // In brackets, with a comment and a comma too many.
  `{apiVersion: v1, kind: Pod, metadata: {name: p, annotations: {"mcp-sluice.dev/inject": 'true',}},   # here
  spec: {containers: [{name: app, livenessProbe: {tcpSocket: {port:   3000}}, ports: [{containerPort: 3000},]},]}}
`,
  // As kubectl gets it.
  `apiVersion: v1
items:
- apiVersion: v1
  kind: Pod
  metadata:
    annotations:
      mcp-sluice.dev/inject: "true"
      note: |
        two
        lines
    creationTimestamp: null
    name: p
  spec:
    containers:
    - name: app
      ports:
      - containerPort: 3000
        protocol: TCP
      startupProbe:
        tcpSocket: {port: 3000}
    volumes: []
  status: {}
kind: List
metadata:
  resourceVersion: ""
`,
  `# Only comments.
#   and more
`,
  '',
  `kind: ConfigMap
metadata: {name: c}
data:
  mixed: "tab\\there"
  block: |+
    kept

`,
];
const STARTS = ['---\n', '--- # a document\n', '---   \n', '---\n\n', '---\n# Of the next.\n', '...\n---\n'];

const shape = fc.record({
  documents: fc.array(fc.constantFrom(...DOCUMENTS), { minLength: 1, maxLength: 4 }),
  starts: fc.array(fc.constantFrom(...STARTS), { minLength: 5, maxLength: 5 }),
  isStarted: fc.boolean(),
  newline: fc.constantFrom('\n', '\r\n'),
  end: fc.constantFrom('', '\n', '\n\n', '\n# the end', '\n---\n', '\n...\n'),
  mark: fc.constantFrom('', '\uFEFF'),
});

function written({ documents, starts, isStarted, newline, end, mark }: typeof shape extends fc.Arbitrary<infer T> ? T : never): string {
  const joined = documents.map((text, index) => (index === 0 && !isStarted ? text : `${starts[index]}${text}`)).join('');
  return mark + `${joined.trimEnd()}${end}`.replaceAll('\n', newline);
}

async function thereAndBack(source: string): Promise<{ readonly back: string; readonly err: string }> {
  const injected = await inject([...FLAGS, '-'], { '-': source });
  expect([source, injected.code, injected.err]).toEqual([source, 0, injected.err]);
  const { code, out, err } = await uninject(['-'], { '-': injected.out });
  expect([source, code]).toEqual([source, 0]);
  return { back: out, err: injected.err + err };
}

describe('uninject after inject, of what people write', () => {
  it(
    '[cli:uninject] gives back streams of documents byte for byte, whatever stands between them and ends their lines',
    async () => {
      await fc.assert(
        fc.asyncProperty(shape.map(written), async (source) => {
          expect(await thereAndBack(source)).toEqual({ back: source, err: '' });
        }),
        { numRuns: 25 },
      );
    },
    CEILING_MS,
  );

  const probe = fc.constantFrom<object>(
    { tcpSocket: { port: 3000 } },
    { tcpSocket: { port: 3000 }, periodSeconds: 3 },
    { periodSeconds: 3, tcpSocket: { host: '', port: 'mcp' }, initialDelaySeconds: 1 },
    { httpGet: { path: '/healthz', port: 3000, httpHeaders: [{ name: 'A', value: 'b' }] } },
    { grpc: { port: 3000 } },
    { exec: { command: ['true', 'x'] } },
  );
  const json = fc.record({
    probes: fc.record(
      { livenessProbe: probe, readinessProbe: probe, lifecycle: fc.constant({ preStop: { tcpSocket: { port: 3000 } } }) },
      { requiredKeys: [] },
    ),
    volumes: fc.constantFrom<unknown>(null, [], [{ name: 'v', emptyDir: {} }]),
    isList: fc.boolean(),
    layout: fc.constantFrom<(object: unknown) => string>(
      (object) => JSON.stringify(object),
      (object) => JSON.stringify(object, null, 2),
      (object) => JSON.stringify(object, null, 4),
      (object) => JSON.stringify(object, null, '\t'),
      // As Python writes it, and as some people do.
      (object) => JSON.stringify(object).replaceAll('":', '": ').replaceAll(',"', ', "').replaceAll('},{', '}, {'),
      (object) => JSON.stringify(object).replaceAll('":', '" : '),
      (object) => JSON.stringify(object).replaceAll('":', '":\t'),
    ),
    newline: fc.constantFrom('\n', '\r\n'),
    end: fc.constantFrom('', '\n', '\n\n'),
    mark: fc.constantFrom('', '\uFEFF'),
  });

  it(
    '[cli:uninject] gives back JSON byte for byte, however it is laid out, and without a word',
    async () => {
      await fc.assert(
        fc.asyncProperty(json, async ({ probes, volumes, isList, layout, newline, end, mark }) => {
          const container = { name: 'app', ...probes, ports: [{ name: 'mcp', containerPort: 3000 }] };
          const spec = { volumes, containers: [container] };
          const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'a', annotations: { 'mcp-sluice.dev/inject': 'true' } }, spec };
          const object = isList ? { apiVersion: 'v1', kind: 'List', items: [pod, pod] } : pod;
          const source = mark + (layout(object) + end).replaceAll('\n', newline);
          expect(await thereAndBack(source)).toEqual({ back: source, err: '' });
        }),
        { numRuns: 25 },
      );
    },
    CEILING_MS,
  );
});
