import { IMAGES } from './images.ts';

export const PREFIX = 'mcp-sluice.dev/';

/** Our annotations by their short keys. */
export function ours(values: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(values).map(([key, value]) => [`${PREFIX}${key}`, value]));
}

/** What *restricted* asks of every container. */
export const RESTRICTED = {
  runAsNonRoot: true,
  runAsUser: 65532,
  allowPrivilegeEscalation: false,
  capabilities: { drop: ['ALL'] },
  seccompProfile: { type: 'RuntimeDefault' },
};

export type ServerKind = 'everything' | 'python';
/** Published server, its port, and what makes it bind loopback alone (`bind-env` for `takeover`). */
export const SERVERS = {
  everything: { image: IMAGES.everything, port: 3001, bindEnv: 'NODE_OPTIONS=--require=/srv/loopback.cjs' },
  python: { image: IMAGES.python, port: 8000, bindEnv: 'HOST=127.0.0.1' },
} as const;

export interface ServerOptions {
  readonly name: string;
  readonly namespace: string;
  readonly server?: ServerKind;
  /** Short keys of our annotations on the pod template. */
  readonly template?: Readonly<Record<string, string>>;
  /** The same on the workload's own metadata. */
  readonly metadata?: Readonly<Record<string, string>>;
  readonly replicas?: number;
  readonly env?: Readonly<Record<string, string>>;
  /** More fields of the app's container. */
  readonly container?: object;
}

/** The app's pod, as a template or alone. */
export function podSpec(options: Pick<ServerOptions, 'server' | 'env' | 'container'>): object {
  const { image, port } = SERVERS[options.server ?? 'everything'];
  return {
    terminationGracePeriodSeconds: 5,
    // Our two test servers end at SIGKILL only, when they are process 1.
    containers: [
      {
        name: 'app',
        image,
        imagePullPolicy: 'IfNotPresent',
        ports: [{ name: 'mcp', containerPort: port }],
        env: Object.entries(options.env ?? {}).map(([name, value]) => ({ name, value })),
        securityContext: RESTRICTED,
        ...options.container,
      },
    ],
  };
}

export function deployment(options: ServerOptions): object {
  const { name, namespace } = options;
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name, namespace, annotations: ours(options.metadata ?? {}) },
    spec: {
      replicas: options.replicas ?? 1,
      selector: { matchLabels: { app: name } },
      template: { metadata: { labels: { app: name }, annotations: ours(options.template ?? {}) }, spec: podSpec(options) },
    },
  };
}

export function pod(options: ServerOptions): object {
  const { name, namespace } = options;
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace, labels: { app: name }, annotations: ours(options.template ?? {}) },
    spec: podSpec(options),
  };
}

/** A Service of type NodePort, which the host reaches at the node's address. */
export function nodePort(options: Pick<ServerOptions, 'name' | 'namespace' | 'server'>): object {
  const { name, namespace } = options;
  const { port } = SERVERS[options.server ?? 'everything'];
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name, namespace },
    spec: { type: 'NodePort', selector: { app: name }, ports: [{ name: 'mcp', port, targetPort: port }] },
  };
}

export const REDIS_URL = 'redis://redis:6379';

/** Redis without persistence, and its Service `redis`; `more` changes the container and gives it volumes. */
export function redis(namespace: string, more: { readonly container?: object; readonly volumes?: readonly object[] } = {}): object[] {
  const container = {
    name: 'redis',
    image: IMAGES.redis,
    // Its protected mode asks for a password as soon as it is reached from elsewhere.
    command: ['redis-server', '--save', '', '--appendonly', 'no', '--protected-mode', 'no'],
    ports: [{ containerPort: 6379 }],
    readinessProbe: { exec: { command: ['redis-cli', 'ping'] }, periodSeconds: 1 },
    securityContext: RESTRICTED,
    ...more.container,
  };
  return [
    {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'redis', namespace },
      spec: {
        replicas: 1,
        strategy: { type: 'Recreate' },
        selector: { matchLabels: { app: 'redis' } },
        template: {
          metadata: { labels: { app: 'redis' } },
          spec: { terminationGracePeriodSeconds: 1, containers: [container], volumes: more.volumes ?? [] },
        },
      },
    },
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'redis', namespace },
      spec: { selector: { app: 'redis' }, ports: [{ port: 6379 }] },
    },
  ];
}

/** A pod with Node in it that waits for `kubectl exec`: the client inside the cluster. */
export function clientPod(namespace: string, template: Readonly<Record<string, string>> = {}, name = 'client'): object {
  const container = {
    name: 'client',
    image: IMAGES.everything,
    command: ['/usr/local/bin/node', '-e', 'setInterval(() => {}, 1e9)'],
    securityContext: RESTRICTED,
  };
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace, annotations: ours(template) },
    spec: { terminationGracePeriodSeconds: 1, containers: [container] },
  };
}

// The server takes no name but its own.
const TLS_FRONT = `
const fs = require('node:fs'), http = require('node:http'), https = require('node:https');
const tls = { cert: fs.readFileSync('/tls/tls.crt'), key: fs.readFileSync('/tls/tls.key') };
https.createServer(tls, (request, response) => {
  const { method, url: path, headers } = request;
  const asked = http.request({ port: 8000, host: '127.0.0.1', method, path, headers: { ...headers, host: '127.0.0.1:8000' } }, (answer) => {
    response.writeHead(answer.statusCode, answer.headers);
    answer.pipe(response);
  });
  asked.on('error', () => response.destroy());
  request.pipe(asked);
}).listen(8443);
process.on('SIGTERM', () => process.exit(0));
`;

/** The Python server behind TLS, its Secret and its Service `remote`. */
export function tlsServer(namespace: string, { certificate, key }: { readonly certificate: string; readonly key: string }): object[] {
  const name = 'remote';
  const spec = podSpec({ server: 'python', env: { STATELESS: 'true' } }) as { containers: object[] };
  const front = {
    name: 'tls',
    image: IMAGES.everything,
    command: ['/usr/local/bin/node', '-e', TLS_FRONT],
    ports: [{ containerPort: 8443 }],
    readinessProbe: { tcpSocket: { port: 8443 }, periodSeconds: 1 },
    volumeMounts: [{ name: 'tls', mountPath: '/tls', readOnly: true }],
    securityContext: RESTRICTED,
  };
  return [
    {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 'remote-tls', namespace },
      type: 'kubernetes.io/tls',
      stringData: { 'tls.crt': certificate, 'tls.key': key },
    },
    {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name, namespace },
      spec: {
        replicas: 1,
        selector: { matchLabels: { app: name } },
        template: {
          metadata: { labels: { app: name } },
          spec: { ...spec, containers: [...spec.containers, front], volumes: [{ name: 'tls', secret: { secretName: 'remote-tls' } }] },
        },
      },
    },
    { apiVersion: 'v1', kind: 'Service', metadata: { name, namespace }, spec: { selector: { app: name }, ports: [{ port: 8443 }] } },
  ];
}
