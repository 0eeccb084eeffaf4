// Preloaded into the demo's MCP server, which is told a port but no host and
// would listen on all addresses: a demo opens nothing to the network.
import { Server } from 'node:net';

const listen = Server.prototype.listen as (this: Server, ...args: unknown[]) => Server;
Server.prototype.listen = function listenOnLoopback(this: Server, port: unknown, ...rest: unknown[]): Server {
  return listen.call(this, { port: Number(port), host: '127.0.0.1' }, ...rest);
} as typeof Server.prototype.listen;
