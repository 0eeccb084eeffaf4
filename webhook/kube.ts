import { Agent, type RequestOptions, request } from 'node:https';
import { KubeConfig } from '@kubernetes/client-node';
import { CONFLICT, type KubeApi, KubeError, type KubeObject, type Written } from './kube-api.ts';

const FIELD_MANAGER = 'mcp-sluice-webhook';
const MAX_ANSWER_BYTES = 8 * 1024 * 1024;

interface Answer {
  readonly status: number;
  readonly body: string;
}

/**
 * The apiserver of this pod's cluster, or of KUBECONFIG. The client library finds it, trusts it and keeps our token
 * fresh; requests and answers are plain JSON, as its models drop fields that they do not know
 * (kubernetes-client/javascript#2962).
 *
 * @throws when neither a cluster nor a kubeconfig is there.
 */
export function connectToCluster({ timeoutMs }: { readonly timeoutMs: number }): KubeApi {
  const config = new KubeConfig();
  config.loadFromDefault();
  const server = config.getCurrentCluster()?.server;
  if (server === undefined) throw new Error('no Kubernetes cluster: not in a pod, and no kubeconfig');
  const agent = new Agent({ keepAlive: true, maxSockets: 16 });

  async function send(method: string, path: string, contentType?: string, content?: unknown): Promise<Answer> {
    const options: RequestOptions = { headers: {} };
    await config.applyToHTTPSOptions(options);
    const body = content === undefined ? undefined : JSON.stringify(content);
    const headers = {
      ...options.headers,
      Accept: 'application/json',
      ...(body !== undefined && { 'Content-Type': contentType, 'Content-Length': Buffer.byteLength(body) }),
    };
    const signal = AbortSignal.timeout(timeoutMs);
    return await exchange(new URL(server + path), { ...options, agent, method, headers, signal }, body).catch((error: Error) => {
      throw new KubeError(0, `${method} ${path}: ${signal.aborted ? `no answer within ${timeoutMs} ms` : error.message}`);
    });
  }

  async function write(method: string, path: string, contentType: string, content: unknown): Promise<Written> {
    const answer = await send(method, `${path}?fieldManager=${FIELD_MANAGER}`, contentType, content);
    // 422 is a JSON patch whose `test` failed, 404 an object that went away before it could be replaced.
    const lost = method === 'POST' ? [409] : method === 'PUT' ? [404, 409] : [404, 409, 422];
    return lost.includes(answer.status) ? CONFLICT : parse(answer, `${method} ${path}`);
  }

  return {
    async read(path) {
      const answer = await send('GET', path);
      return answer.status === 404 ? undefined : parse(answer, `GET ${path}`);
    },
    create: (path, object) => write('POST', path, 'application/json', object),
    replace: (path, object) => write('PUT', path, 'application/json', object),
    patch: (path, operations) => write('PATCH', path, 'application/json-patch+json', operations),
  };
}

function parse({ status, body }: Answer, what: string): KubeObject {
  if (status >= 200 && status < 300) return JSON.parse(body) as KubeObject;
  throw new KubeError(status, `${what}: ${status} ${body.slice(0, 500)}`);
}

function exchange(url: URL, options: RequestOptions, body: string | undefined): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const asked = request(url, options, (response) => {
      const chunks: Buffer[] = [];
      let sizeBytes = 0;
      response.on('data', (chunk: Buffer) => {
        sizeBytes += chunk.length;
        if (sizeBytes > MAX_ANSWER_BYTES) response.destroy(new Error(`answer over ${MAX_ANSWER_BYTES} bytes`));
        else chunks.push(chunk);
      });
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks).toString('utf8') }));
      response.on('error', reject);
    });
    asked.on('error', reject);
    asked.end(body);
  });
}
