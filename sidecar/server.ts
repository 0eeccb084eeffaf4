import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { MOST_IN_FLIGHT } from '../src/settings/sessions.ts';
import type { ByteBudget } from './byte-budget.ts';
import { type EarlyRefusal, renderEarlyRefusal } from './early-refusal.ts';
import { Exchange } from './exchange.ts';
import type { InFlight } from './in-flight.ts';

const HEADERS_TIMEOUT_MS = 10_000;
/** For a whole body that is held: at 8 MiB that is 1 Mbit/s. */
const BODY_TIMEOUT_MS = 60_000;
const CHECK_TIMEOUTS_MS = 1_000;
/** Longer than the idle time of common load balancers (60 s), so that they close first and no request meets a closed connection. */
const KEEP_ALIVE_MS = 75_000;
const MAX_HEADER_BYTES = 32 * 1024;
/** So that a client which still sends gets to read the refusal before its connection is reset. */
const LINGER_MS = 2_000;
/** Of one connection, answered or waiting: no MCP client pipelines, and thousands of requests fit into one read. */
const PIPELINE_LIMIT = 100;

export interface ServerDeps {
  readonly isLoopbackListener: boolean;
  readonly budget: ByteBudget;
  readonly inFlight: InFlight;
  readonly answer: (exchange: Exchange) => Promise<void>;
  /** A connection whose bytes never became a request. */
  readonly onEarlyRefusal: (refusal: EarlyRefusal) => void;
  /** The client left before its response was complete. */
  readonly onAbort: () => void;
  /** A bug: the exchange is gone, the process goes on. */
  readonly onBug: (error: unknown) => void;
  readonly timeouts?: { readonly headersMs: number; readonly bodyMs: number };
  /** Over all connections, streams among them; default 2,000. */
  readonly maxInFlight?: number;
}

/** An HTTP/1.1 server that bounds what it reads and makes an `Exchange` of each request. */
export function createProxyServer(deps: ServerDeps): Server {
  const server = createServer({
    insecureHTTPParser: false,
    // Judged by us, so that the refusal has our body.
    requireHostHeader: false,
    maxHeaderSize: MAX_HEADER_BYTES,
    headersTimeout: deps.timeouts?.headersMs ?? HEADERS_TIMEOUT_MS,
    // Bodies have their time where they are read: one that passes on as it comes may take longer.
    requestTimeout: 0,
    connectionsCheckingInterval: CHECK_TIMEOUTS_MS,
    keepAliveTimeout: KEEP_ALIVE_MS,
    noDelay: true,
    keepAlive: true,
  });

  function receive(request: IncomingMessage, response: ServerResponse, isContinueAwaited: boolean): void {
    const { isLoopbackListener, budget, inFlight } = deps;
    const { socket } = request;
    if (socket.destroyed) return;
    if (inFlight.on(socket) >= PIPELINE_LIMIT) {
      deps.onEarlyRefusal('pipeline');
      socket.destroy();
      return;
    }
    if (inFlight.count >= (deps.maxInFlight ?? MOST_IN_FLIGHT)) {
      refuseUnjudged(request, response, 'crowd');
      return;
    }
    const bodyTimeoutMs = deps.timeouts?.bodyMs ?? BODY_TIMEOUT_MS;
    const exchange = new Exchange({ request, response, isLoopbackListener, isContinueAwaited, bodyTimeoutMs, budget });
    inFlight.enter(exchange);
    response.once('close', () => {
      inFlight.leave(exchange);
      if (exchange.close()) deps.onAbort();
    });
    request.on('error', ignore);
    response.on('error', ignore);
    deps.answer(exchange).catch((error: unknown) => {
      deps.onBug(error);
      socket.destroy();
    });
  }

  // No `upgrade` listener: Node then hands an upgrade over as the plain request that it also is.
  server.on('request', (request: IncomingMessage, response: ServerResponse) => receive(request, response, false));
  server.on('checkContinue', (request: IncomingMessage, response: ServerResponse) => receive(request, response, true));
  server.on('checkExpectation', (request: IncomingMessage, response: ServerResponse) => refuseUnjudged(request, response, 'expectation'));

  function refuseUnjudged(request: IncomingMessage, response: ServerResponse, refusal: EarlyRefusal): void {
    request.on('error', ignore);
    response.on('error', ignore);
    request.resume();
    deps.onEarlyRefusal(refusal);
    response.shouldKeepAlive = false;
    const { status, headers, body } = renderEarlyRefusal(refusal);
    response.writeHead(status, headers).end(body);
  }

  function refuseEarly(socket: Socket, refusal: EarlyRefusal): void {
    deps.onEarlyRefusal(refusal);
    if (!socket.writable || !deps.inFlight.mayAnswerRaw(socket)) {
      socket.destroy();
      return;
    }
    const { status, reason, headers, body } = renderEarlyRefusal(refusal);
    const lines = Object.entries({ ...headers, Connection: 'close' }).map(([name, value]) => `${name}: ${value}\r\n`);
    socket.end(`HTTP/1.1 ${status} ${reason}\r\n${lines.join('')}\r\n${body}`);
    setTimeout(() => socket.destroy(), LINGER_MS).unref();
  }

  server.on('connect', (_request: IncomingMessage, socket: Socket) => {
    // Node has taken its own listener away: the client's reset would end the process.
    socket.on('error', ignore);
    refuseEarly(socket, 'tunnel');
  });
  server.on('clientError', (error: NodeJS.ErrnoException, socket: Socket) => {
    if (error.code === 'ECONNRESET') socket.destroy();
    else if (error.code === 'HPE_HEADER_OVERFLOW') refuseEarly(socket, 'header-overflow');
    else if (error.code === 'ERR_HTTP_REQUEST_TIMEOUT') refuseEarly(socket, 'timeout');
    else refuseEarly(socket, 'syntax');
  });

  return server;
}

function ignore(): void {}
