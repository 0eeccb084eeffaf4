import { randomUUID } from 'node:crypto';
import {
  type EventStore,
  isInitializeRequest,
  type JSONRPCMessage,
  type McpServer,
  WebStandardStreamableHTTPServerTransport,
} from '@modelcontextprotocol/server';

const RETRY_MS = 500;

/** Serves the legacy era with sessions: one server and one transport each. */
export class Sessions {
  readonly #create: () => McpServer;
  readonly #transports = new Map<string, WebStandardStreamableHTTPServerTransport>();

  constructor(create: () => McpServer) {
    this.#create = create;
  }

  async serve(request: Request): Promise<Response> {
    const id = request.headers.get('mcp-session-id');
    const known = id === null ? undefined : this.#transports.get(id);
    if (known) return known.handleRequest(request);
    if (id !== null) return refusal(404, -32001, 'Session not found');
    const body =
      request.method === 'POST'
        ? await request
            .clone()
            .json()
            .catch(() => undefined)
        : undefined;
    return isInitializeRequest(body) ? (await this.#open()).handleRequest(request) : refusal(400, -32000, 'No session id');
  }

  async #open(): Promise<WebStandardStreamableHTTPServerTransport> {
    const transport = new WebStandardStreamableHTTPServerTransport({
      sessionIdGenerator: randomUUID,
      onsessioninitialized: (id) => void this.#transports.set(id, transport),
      onsessionclosed: (id) => void this.#transports.delete(id),
      eventStore: createEventStore(),
      retryInterval: RETRY_MS,
    });
    await this.#create().connect(transport);
    return transport;
  }
}

function refusal(status: number, code: number, message: string): Response {
  return Response.json({ jsonrpc: '2.0', error: { code, message }, id: null }, { status });
}

/** Keeps every event, as long as its session lasts. */
function createEventStore(): EventStore {
  const events: { readonly streamId: string; readonly message: JSONRPCMessage }[] = [];
  return {
    async storeEvent(streamId, message) {
      events.push({ streamId, message });
      return String(events.length);
    },
    async getStreamIdForEventId(eventId) {
      return events[Number(eventId) - 1]?.streamId;
    },
    async replayEventsAfter(lastEventId, { send }) {
      const from = Number(lastEventId);
      const streamId = events[from - 1]?.streamId ?? '';
      for (const [at, event] of events.entries()) {
        if (at >= from && event.streamId === streamId && Object.keys(event.message).length > 0) await send(String(at + 1), event.message);
      }
      return streamId;
    },
  };
}
