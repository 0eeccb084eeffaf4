export interface SessionAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** Of a body in JSON. */
  readonly body: { readonly id?: unknown; readonly error?: { readonly code: number; readonly message: string; readonly data?: unknown } };
  readonly session: string | undefined;
}

export interface SessionClient {
  initialize(options?: SendOptions): Promise<SessionAnswer>;
  /** A request of a session; `tools/list` by default. */
  ask(session: string | undefined, options?: SendOptions): Promise<SessionAnswer>;
  send(method: string, options: SendOptions): Promise<SessionAnswer>;
  delete(session: string, options?: SendOptions): Promise<SessionAnswer>;
}

export interface SendOptions {
  readonly path?: string;
  readonly session?: string | undefined;
  /** Named by the header `X-User`. */
  readonly user?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly id?: unknown;
  readonly rpc?: string;
  readonly body?: string;
  readonly signal?: AbortSignal;
}

/** Speaks the legacy era by hand: what a client of a session sends, and no more. */
export function sessionClient(url: string): SessionClient {
  async function send(method: string, { path = '/mcp', session, user, headers, body, signal }: SendOptions): Promise<SessionAnswer> {
    const response = await fetch(`${url}${path}`, {
      method,
      headers: {
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...(session !== undefined && { 'mcp-session-id': session }),
        ...(user !== undefined && { 'x-user': user }),
        ...headers,
      },
      ...(body !== undefined && { body }),
      ...(signal !== undefined && { signal }),
    });
    const text = await response.text();
    const isJson = response.headers.get('content-type')?.startsWith('application/json') === true;
    const given = response.headers.get('mcp-session-id') ?? undefined;
    return { status: response.status, headers: response.headers, text, body: isJson ? JSON.parse(text) : {}, session: given };
  }
  const rpc = (method: string, { id = 1, rpc: named = method }: SendOptions) =>
    JSON.stringify({ jsonrpc: '2.0', ...(id !== null && { id }), method: named, ...(named === 'initialize' && { params: {} }) });
  return {
    send,
    initialize: (options = {}) => send('POST', { body: rpc('initialize', options), ...options }),
    ask: (session, options = {}) => send('POST', { session, body: rpc('tools/list', options), ...options }),
    delete: (session, options = {}) => send('DELETE', { session, ...options }),
  };
}
