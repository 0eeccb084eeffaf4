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

/** Where on the admin port the question is asked. The same question has the same path, whichever container asks it. */
export function probePath(probe: AppProbe, as: AskedAs): string {
  const id = createHash('sha256').update(JSON.stringify(probe)).digest('hex').slice(0, 12);
  return `/${as}/${kindOf(probe)}-${id}`;
}

/** As a container's argument, in which Kubernetes would expand `$(NAME)`. */
export function encodeProbe(probe: AppProbe): string {
  return JSON.stringify(probe).replaceAll('$', '\\u0024');
}

/** The probe of an argument; undefined for anything that `encodeProbe` does not write. */
export function decodeProbe(text: string): AppProbe | undefined {
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
