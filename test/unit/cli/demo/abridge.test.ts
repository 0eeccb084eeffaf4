import { expect, it } from 'vitest';
import { abridgePod } from '../../../../src/cli/demo/abridge.ts';

it('the demo shows a pod in short, one line for what takes ten', () => {
  const container = {
    name: 'app',
    image: 'x',
    imagePullPolicy: 'IfNotPresent',
    env: [{ name: 'A', value: '1' }, { name: 'B' }],
    ports: [{ name: 'mcp', containerPort: 3001 }],
    resources: { requests: { cpu: '50m', memory: '96Mi' }, limits: { memory: '1Gi' } },
    readinessProbe: { httpGet: { port: 15179, path: '/readyz' }, periodSeconds: 2 },
    securityContext: { runAsUser: 64000, allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'], add: ['NET_ADMIN'] } },
    volumeMounts: [{ name: 'state', mountPath: '/run', readOnly: false }],
  };
  const pod = {
    metadata: { name: 'p', annotations: { a: 'b' } },
    spec: { nodeName: 'n', containers: [container], volumes: [{ name: 'state', emptyDir: {} }] },
  };
  expect(abridgePod(pod)).toEqual({
    metadata: { annotations: { a: 'b' } },
    spec: {
      containers: [
        {
          name: 'app',
          image: 'x',
          env: 'A, B',
          ports: 'mcp 3001/TCP',
          resources: 'requests cpu 50m, memory 96Mi; limits memory 1Gi',
          readinessProbe: 'GET :15179/readyz every 2 s',
          securityContext: 'runAsUser 64000, no allowPrivilegeEscalation, drop ALL, add NET_ADMIN',
          volumeMounts: ['state at /run'],
        },
      ],
      volumes: ['state (emptyDir)'],
    },
  });
});
