/** A token bucket: its size and burst, and the time from empty to full. */
export interface Bucket {
  readonly maxTokens: number;
  /** As the user wrote it (`1m`), for messages. */
  readonly refillPeriod: string;
  readonly refillPeriodMs: number;
}

/** What one tool, pattern or method is held to; a call takes `cost` tokens from each bucket. */
export interface Limit {
  readonly shared?: Bucket;
  readonly perClient?: Bucket;
  readonly cost: number;
}
export interface ToolLimit extends Limit {
  /** A tool's exact name, or a pattern with `*`. */
  readonly pattern: string;
}
export interface MethodLimit extends Limit {
  readonly method: string;
}
export interface RateLimit {
  /** Over all `tools/call`. */
  readonly shared?: Bucket;
  readonly perClient?: Bucket;
  readonly tools: readonly ToolLimit[];
  readonly methods: readonly MethodLimit[];
}

export interface RedisSettings {
  /** `redis://` or `rediss://`, without a password. */
  readonly url: string;
  /** Name of the Secret with `username` and `password`. */
  readonly secret?: string;
  readonly ca?: { readonly configMap: string; readonly key: string };
  readonly onFailure: 'open' | 'local' | 'closed';
}

/** A client's name is the value of a header, believed only from these peers. */
export interface HeaderIdentity {
  /** Lower case. */
  readonly name: string;
  readonly from: readonly string[];
}

/** A client's name is `iss` and `sub` of a JWT that this issuer signed for this audience. */
export interface JwtIdentity {
  /** To the letter, as RFC 8725 §3.8 asks. */
  readonly issuer: string;
  readonly audience: string;
  /** Absent: as the issuer's metadata says. */
  readonly jwksUri?: string;
  /** Absent: the system's roots. */
  readonly ca?: { readonly configMap: string; readonly key: string };
  /** What of RFC 9728 our 401 points at. */
  readonly resourceMetadata?: string;
  /** 401 where no token is given. */
  readonly isRequired: boolean;
  /** Asymmetric ones only. */
  readonly algorithms: readonly string[];
  readonly clockSkewMs: number;
}

/** What sessions are held to (contract §6), and what the modern era has in their place; in force also where nothing is written. */
export interface SessionSettings {
  /** Sessions at once, over all replicas. */
  readonly max: number;
  readonly maxPerClient: number;
  readonly idleTimeoutMs: number;
  readonly maxLifetimeMs: number;
  /** Absent: a full house closes nothing. */
  readonly evictIdleMs?: number;
  /** Of one pod, as the three below. */
  readonly maxStreams: number;
  readonly maxStreamsPerClient: number;
  readonly maxInFlight: number;
  readonly maxInFlightPerClient: number;
}

/** Where an entry's CA bundle comes from: a ConfigMap of the pod's namespace, or a file of a hand-run sidecar (contract §9.13). */
export type EntryBundle =
  /** `exclusive`: in place of the system's roots, not beside them. */
  | { readonly configMap: string; readonly key: string; readonly exclusive: boolean }
  | { readonly caFile: string; readonly exclusive: boolean };

/** A request header whose value is a Secret's. */
export interface EntryHeader {
  /** As the user wrote it. */
  readonly name: string;
  readonly secret: string;
  readonly key: string;
}

/** A remote MCP server that the app reaches through the sidecar. */
export interface RemoteEntry {
  /** A DNS label, unique in its list. */
  readonly name: string;
  /** Absolute, as WHATWG normalises it (`URL.href`), without credentials and fragment. */
  readonly url: string;
  readonly transport: 'streamable-http' | 'sse';
  /** Absent: the system's roots. */
  readonly caBundle?: EntryBundle;
  /** Whether it may be at a private, CGNAT or unique local address. */
  readonly allowPrivate: boolean;
  /** Whether its URL may be `http:`. */
  readonly allowInsecure: boolean;
  readonly headers: readonly EntryHeader[];
  /** Never per client: the client of an entry is the app itself. */
  readonly rateLimit?: RateLimit;
}

export interface Settings {
  readonly inject: boolean;
  /** Number or name of a container port. */
  readonly port?: number | string;
  /** Those of further MCP servers in the same pod. */
  readonly furtherPorts?: readonly (number | string)[];
  /** `none`: the pod has remote entries only. */
  readonly capture: 'redirect' | 'takeover' | 'auto' | 'none';
  /** Path prefixes that speak MCP; empty: all. */
  readonly paths: readonly string[];
  readonly rateLimit?: RateLimit;
  readonly redis?: RedisSettings;
  readonly sessions: SessionSettings;
  /** One of the two. */
  readonly identity?: { readonly header?: HeaderIdentity; readonly jwt?: JwtIdentity };
  /** How the refusal of a limit is written; `auto`: as the client survives it. */
  readonly rejection: 'http' | 'jsonrpc' | 'tool-result' | 'auto';
  readonly mode: 'enforce' | 'shadow';
  readonly sidecarResources: {
    readonly requests: Readonly<Record<string, string>>;
    readonly limits: Readonly<Record<string, string>>;
  };
  readonly logLevel: 'fatal' | 'error' | 'warn' | 'info' | 'debug' | 'trace' | 'silent';
  /** Environment set in the app where absent. */
  readonly bindEnv: readonly { readonly name: string; readonly value: string }[];
  /** Empty: none. */
  readonly remoteEntries: readonly RemoteEntry[];
}
