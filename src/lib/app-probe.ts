import { createHash } from 'node:crypto';

/**
 * What a kubelet was to ask the app at its captured port: the handler of a probe or hook, as the user wrote it. The
 * kubelet asks the sidecar's admin port instead, and that the app.
 */
export type AppProbe = { readonly [K in HandlerKind]: { readonly [P in K]: Handler } }[HandlerKind];
export type HandlerKind = (typeof HANDLERS)[number];
type Handler = Readonly<Record<string, unknown>>;

/** Kinds of handler that name a port of the pod (Kubernetes, LifecycleHandler and ProbeHandler). */
export const HANDLERS = ['httpGet', 'tcpSocket', 'grpc'] as const;

/** The way to ask: whoever asks for a hook looks at no status, so that a failure must break the connection. */
export type AskedAs = 'app-probe' | 'app-hook';

/** A question, and which of several captured ports it is about: a handler may name that by a name of its container alone. */
export interface AskedProbe {
  readonly probe: AppProbe;
  /** Absent where one port is captured. */
  readonly port?: number | undefined;
}

/** Where on the admin port the question is asked. The same question has the same path, whichever container asks it. */
export function probePath({ probe, port }: AskedProbe, as: AskedAs): string {
  const id = createHash('sha256').update(JSON.stringify(probe)).digest('hex').slice(0, 12);
  return `/${as}/${kindOf(probe)}-${id}${port === undefined ? '' : `-${port}`}`;
}

/** As a container's argument, in which Kubernetes would expand `$(NAME)`. */
export function encodeProbe({ probe, port }: AskedProbe): string {
  return `${port === undefined ? '' : `${port} `}${JSON.stringify(probe).replaceAll('$', '\\u0024')}`;
}

/** What an argument says; undefined for anything that `encodeProbe` does not write. */
export function decodeProbe(text: string): AskedProbe | undefined {
  const [, port, json = ''] = /^(?:([1-9]\d{0,4}) )?(.*)$/s.exec(text) ?? [];
  const probe = parseProbe(json);
  return probe && { probe, ...(port !== undefined && { port: Number(port) }) };
}

function parseProbe(text: string): AppProbe | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  const [entry, ...more] = isObject(value) ? Object.entries(value) : [];
  const isProbe = more.length === 0 && (HANDLERS as readonly unknown[]).includes(entry?.[0]) && isObject(entry?.[1]);
  return isProbe ? (value as AppProbe) : undefined;
}

export function kindOf(probe: AppProbe): HandlerKind {
  return Object.keys(probe)[0] as HandlerKind;
}

function isObject(value: unknown): value is Handler {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
