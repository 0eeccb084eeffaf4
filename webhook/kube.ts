import { Agent, type RequestOptions, request } from 'node:https';
import { KubeConfig } from '@kubernetes/client-node';
import { CONFLICT, type KubeApi, KubeError, type KubeObject, type PageQuery, type Written } from './kube-api.ts';

const FIELD_MANAGER = 'mcp-sluice-webhook';
const MAX_ANSWER_BYTES = 8 * 1024 * 1024;
const JSON_TYPE = 'application/json';
const METADATA_ONLY = 'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1';
/** What a lost race answers: a name that is taken; an object that changed or went away since it was read. */
const LOST: Readonly<Record<string, readonly number[]>> = { POST: [409], PUT: [404, 409], PATCH: [404, 409] };

interface Answer {
  readonly status: number;
  readonly body: string;
  /** The `Date` header. */
  readonly date?: string | undefined;
}
/** For commands that a person runs: any answer is one, whatever its status. */
export interface AskingApi {
  ask(method: 'GET' | 'POST', path: string, content?: unknown): Promise<Answer>;
}
interface Sending {
  readonly contentType?: string;
  readonly content?: unknown;
  readonly accept?: string;
}

/**
 * The apiserver of this pod's cluster, or of KUBECONFIG. The client library finds it, trusts it and keeps our token
 * fresh; requests and answers are plain JSON, as its models drop fields that they do not know
 * (kubernetes-client/javascript#2962).
 *
 * @throws when neither a cluster nor a kubeconfig is there.
 */
export function connectToCluster({ timeoutMs, context }: { readonly timeoutMs: number; readonly context?: string }): KubeApi & AskingApi {
  const config = loadConfig(context);
  const server = config.getCurrentCluster()?.server;
  if (server === undefined) throw new Error('no Kubernetes cluster: not in a pod, and no kubeconfig');
  const agent = new Agent({ keepAlive: true, maxSockets: 16 });

  let skewMs = 0;

  async function send(
    method: string,
    path: string,
    { contentType = JSON_TYPE, content, accept = JSON_TYPE }: Sending = {},
  ): Promise<Answer> {
    const options: RequestOptions = { headers: {} };
    await config.applyToHTTPSOptions(options);
    const body = content === undefined ? undefined : JSON.stringify(content);
    const headers = {
      ...options.headers,
      Accept: accept,
      ...(body !== undefined && { 'Content-Type': contentType, 'Content-Length': Buffer.byteLength(body) }),
    };
    const signal = AbortSignal.timeout(timeoutMs);
    const answer = await exchange(new URL(server + path), { ...options, agent, method, headers, signal }, body).catch((error: Error) => {
      throw new KubeError(0, `${method} ${path}: ${signal.aborted ? `no answer within ${timeoutMs} ms` : error.message}`);
    });
    const theirsMs = Date.parse(answer.date ?? '');
    // Whole seconds there, so half of one more is the best guess.
    if (!Number.isNaN(theirsMs)) skewMs = theirsMs + 500 - Date.now();
    return answer;
  }

  async function write(method: string, path: string, contentType: string, content: unknown, query = ''): Promise<Written> {
    const answer = await send(method, `${path}?fieldManager=${FIELD_MANAGER}${query}`, { contentType, content });
    return LOST[method]?.includes(answer.status) ? CONFLICT : parse(answer, `${method} ${path}`);
  }

  return {
    async read(path) {
      const answer = await send('GET', path);
      return answer.status === 404 ? undefined : parse(answer, `GET ${path}`);
    },
    async list(path, { isMetadataOnly, ...query }) {
      const answer = await send('GET', `${path}?${renderQuery(query)}`, isMetadataOnly === true ? { accept: METADATA_ONLY } : {});
      const { items, metadata } = parse(answer, `GET ${path}`) as {
        items?: readonly KubeObject[] | null;
        metadata?: { continue?: string };
      };
      return { items: items ?? [], ...(metadata?.continue && { next: metadata.continue }) };
    },
    create: (path, object) => write('POST', path, JSON_TYPE, object),
    replace: (path, object) => write('PUT', path, JSON_TYPE, object),
    // JSON is YAML.
    apply: (path, object) => write('PATCH', path, 'application/apply-patch+yaml', object, '&force=true'),
    async remove(path) {
      const answer = await send('DELETE', path, { content: { propagationPolicy: 'Background' } });
      if (answer.status === 404) return false;
      parse(answer, `DELETE ${path}`);
      return true;
    },
    ask: (method, path, content) => send(method, path, content === undefined ? {} : { content }),
    skewMs: () => skewMs,
  };
}

function renderQuery({ limit, from, labelSelector, fieldSelector }: PageQuery): string {
  const given = Object.entries({ continue: from, labelSelector, fieldSelector }).filter(([, value]) => value !== undefined);
  return new URLSearchParams([['limit', `${limit}`], ...(given as [string, string][])]).toString();
}

/** Where an object is looked for that is named without a namespace. */
export function namespaceOfContext({ context }: { readonly context?: string }): string {
  const config = loadConfig(context);
  return config.getContextObject(config.getCurrentContext())?.namespace ?? 'default';
}

function loadConfig(context: string | undefined): KubeConfig {
  const config = new KubeConfig();
  config.loadFromDefault();
  if (context !== undefined) {
    if (config.getContextObject(context) === null) throw new Error(`the kubeconfig has no context "${context}"`);
    config.setCurrentContext(context);
  }
  return config;
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
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks).toString('utf8'), date: response.headers.date }),
      );
      response.on('error', reject);
    });
    asked.on('error', reject);
    asked.end(body);
  });
}
