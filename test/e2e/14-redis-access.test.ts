import { describe, expect, it } from 'vitest';
import { issueAuthority, issueLeaf } from '../../webhook/certificate.ts';
import { hostUrl, readyPods, sidecarOf } from './cluster.ts';
import { apply } from './kubectl.ts';
import { post, toolCall } from './mcp-client.ts';
import { useNamespaces } from './namespace.ts';
import { deployment, nodePort, ours, redis } from './objects.ts';

const namespace = 'e2e-14';
const access = { redis: 'rediss://redis:6379', 'redis-secret': 'redis-login', 'redis-ca': 'redis-ca:root.pem' };
const LOGIN = { username: 'sluice', password: 'a secret of "its own"' };

describe('a Redis behind TLS, a private CA and an ACL', () => {
  useNamespaces({ [namespace]: { annotations: ours(access) } });

  it('[e2e:redis-access] is used by a pod that has only the annotations of its namespace, with credentials from a Secret', async () => {
    const authority = await issueAuthority(Date.now());
    const leaf = await issueLeaf(authority, ['redis'], Date.now());
    const acl = `user default off\nuser ${LOGIN.username} on #${await sha256(LOGIN.password)} ~* &* +@all\n`;
    const files = { 'tls.crt': leaf.certificate, 'tls.key': leaf.key, 'ca.crt': authority.certificate, 'users.acl': acl };
    const options = { name: 'app', namespace, server: 'python', template: { inject: 'true', 'rate-limit': 'shared: 2/1h' } } as const;
    await apply(
      { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'redis-files', namespace }, stringData: files },
      { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'redis-login', namespace }, stringData: LOGIN },
      { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'redis-ca', namespace }, data: { 'root.pem': authority.certificate } },
      ...guardedRedis(),
      deployment({ ...options, env: { STATELESS: 'true' } }),
      nodePort(options),
    );
    const [found] = await readyPods(namespace, 'app');
    // What it inherited stands in the pod, and the password nowhere in it.
    expect(found.metadata.annotations).toMatchObject(ours(access));
    expect(JSON.stringify(sidecarOf(found))).not.toContain('a secret');
    const url = await hostUrl(namespace, 'app');
    const statuses = [];
    for (let id = 1; id <= 3; id += 1) statuses.push((await post(url, toolCall(id, 'whoami'))).status);
    expect(statuses).toEqual([200, 200, 429]);
  });
});

function guardedRedis(): object[] {
  const args = ['--port', '0', '--tls-port', '6379', '--tls-auth-clients', 'no', '--tls-cert-file', '/files/tls.crt'];
  const more = ['--tls-key-file', '/files/tls.key', '--tls-ca-cert-file', '/files/ca.crt', '--aclfile', '/files/users.acl', '--save', ''];
  return redis(namespace, {
    container: {
      command: ['redis-server', ...args, ...more],
      readinessProbe: { tcpSocket: { port: 6379 }, periodSeconds: 1 },
      volumeMounts: [{ name: 'files', mountPath: '/files', readOnly: true }],
    },
    volumes: [{ name: 'files', secret: { secretName: 'redis-files' } }],
  });
}

async function sha256(text: string): Promise<string> {
  return Buffer.from(await crypto.subtle.digest('SHA-256', Buffer.from(text))).toString('hex');
}
