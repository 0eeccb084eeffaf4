import { connect, constants } from 'node:http2';

/** `grpc.health.v1.HealthCheckResponse.ServingStatus.SERVING`. */
const SERVING = 1;
const PATH = '/grpc.health.v1.Health/Check';
const VARINT_MORE = 0x80;
/** Of a gRPC message: a byte that says whether it is compressed, four for its length. */
const PREFIX_BYTES = 5;
const LONGEST_ANSWER_BYTES = 4096;

/**
 * Asks a server without TLS for its health (grpc.health.v1), as a kubelet does for a `grpc` probe; `''` is the server as a whole.
 * Resolves with why it is not serving, undefined where it is; never rejects.
 */
export function askGrpcHealth(origin: string, service: string, signal: AbortSignal): Promise<string | undefined> {
  return new Promise((resolve) => {
    const session = connect(origin);
    const settle = (problem: string | undefined): void => {
      signal.removeEventListener('abort', onAbort);
      session.destroy();
      resolve(problem);
    };
    const onAbort = (): void => settle('no answer in time');
    session.on('error', (error) => settle(error.message));
    session.on('close', () => settle('connection closed'));
    if (signal.aborted) return onAbort();
    signal.addEventListener('abort', onAbort);

    const stream = session.request({ ':method': 'POST', ':path': PATH, 'content-type': 'application/grpc', te: 'trailers' });
    let httpStatus: number | undefined;
    let grpcStatus: string | undefined;
    let body = Buffer.alloc(0);
    // A server that has nothing but an error to say puts it where the headers are (gRPC over HTTP/2, Trailers-Only).
    stream.on('response', (headers) => {
      httpStatus = headers[':status'];
      grpcStatus = textOf(headers['grpc-status']);
    });
    stream.on('trailers', (trailers) => {
      grpcStatus = textOf(trailers['grpc-status']) ?? grpcStatus;
    });
    stream.on('data', (chunk: Buffer) => {
      body = Buffer.concat([body, chunk]);
      if (body.length > LONGEST_ANSWER_BYTES) stream.close(constants.NGHTTP2_CANCEL);
    });
    stream.on('error', (error) => settle(error.message));
    stream.on('close', () => settle(verdict(httpStatus, grpcStatus, body)));
    stream.end(framed(requestOf(service)));
  });
}

function verdict(httpStatus: number | undefined, grpcStatus: string | undefined, body: Buffer): string | undefined {
  if (httpStatus !== 200) return `HTTP status ${httpStatus ?? 'none'}`;
  if (grpcStatus !== '0') return `gRPC status ${grpcStatus ?? 'none'}`;
  const isWhole = body.length >= PREFIX_BYTES && body[0] === 0 && body.length === PREFIX_BYTES + body.readUInt32BE(1);
  if (!isWhole) return 'no answer that can be read';
  const status = servingStatus(body.subarray(PREFIX_BYTES));
  return status === SERVING ? undefined : `serving status ${status ?? 'unreadable'}`;
}

/** `HealthCheckRequest{service = 1}` in protobuf's wire format; a field that has its default is left out. */
function requestOf(service: string): Buffer {
  const name = Buffer.from(service);
  return name.length === 0 ? name : Buffer.concat([Buffer.from([0x0a]), varint(name.length), name]);
}

function framed(message: Buffer): Buffer {
  const prefix = Buffer.alloc(PREFIX_BYTES);
  prefix.writeUInt32BE(message.length, 1);
  return Buffer.concat([prefix, message]);
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= VARINT_MORE; rest = Math.floor(rest / VARINT_MORE)) bytes.push((rest % VARINT_MORE) + VARINT_MORE);
  return Buffer.from([...bytes, rest]);
}

/** `HealthCheckResponse{status = 1}`: nothing is UNKNOWN (0), and a message has no other field. */
function servingStatus(message: Buffer): number | undefined {
  if (message.length === 0) return 0;
  return message.length === 2 && message[0] === 0x08 ? message[1] : undefined;
}

const textOf = (value: string | readonly string[] | undefined): string | undefined => (typeof value === 'string' ? value : undefined);
