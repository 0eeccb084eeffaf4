import { createServer, type ServerHttp2Session, type ServerHttp2Stream } from 'node:http2';
import type { AddressInfo } from 'node:net';

export interface GrpcReply {
  readonly grpcStatus?: number;
  readonly httpStatus?: number;
  /** The bytes of the protobuf message. */
  readonly message?: Buffer;
}

export interface GrpcServer {
  readonly url: string;
  /** Services that were asked for. */
  readonly asked: string[];
  close(): Promise<void>;
}

/** `grpc.health.v1.HealthCheckResponse{status}`. */
export const health = (status: number): GrpcReply => ({ message: Buffer.from([0x08, status]) });

/** A gRPC server without TLS that knows `grpc.health.v1.Health/Check`; no reply: it stays silent. */
export async function startGrpcServer(reply: (service: string) => GrpcReply | undefined): Promise<GrpcServer> {
  const asked: string[] = [];
  const sessions = new Set<ServerHttp2Session>();
  const server = createServer();
  server.on('session', (session) => {
    sessions.add(session);
    session.on('error', () => {}).on('close', () => sessions.delete(session));
  });
  server.on('stream', (stream: ServerHttp2Stream, headers) => {
    const chunks: Buffer[] = [];
    stream.on('error', () => {});
    stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    stream.on('end', () => {
      const isCheck = headers[':path'] === '/grpc.health.v1.Health/Check' && headers[':method'] === 'POST' && headers['te'] === 'trailers';
      const service = serviceOf(Buffer.concat(chunks));
      if (!isCheck || service === undefined) return void stream.respond({ ':status': 400 }, { endStream: true });
      asked.push(service);
      const answer = reply(service);
      if (answer === undefined) return;
      const { grpcStatus = 0, httpStatus = 200, message } = answer;
      const type = { ':status': httpStatus, 'content-type': 'application/grpc' };
      if (message === undefined) return void stream.respond({ ...type, 'grpc-status': grpcStatus }, { endStream: true });
      stream.respond(type, { waitForTrailers: true });
      stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': String(grpcStatus) }));
      const prefix = Buffer.alloc(5);
      prefix.writeUInt32BE(message.length, 1);
      stream.end(Buffer.concat([prefix, message]));
    });
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const session of sessions) session.destroy();
      }),
  };
}

/** The service of a framed `HealthCheckRequest`; undefined where it is none. */
function serviceOf(frame: Buffer): string | undefined {
  if (frame.length < 5 || frame[0] !== 0 || frame.readUInt32BE(1) !== frame.length - 5) return undefined;
  const message = frame.subarray(5);
  if (message.length === 0) return '';
  let [length, at, shift] = [0, 1, 0];
  for (let isMore = true; isMore && at < message.length; at += 1, shift += 7) {
    const byte = message[at] ?? 0;
    length |= (byte & 0x7f) << shift;
    isMore = (byte & 0x80) !== 0;
  }
  return message[0] === 0x0a && message.length === at + length ? message.subarray(at).toString() : undefined;
}
