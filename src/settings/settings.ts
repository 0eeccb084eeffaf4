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

export interface Settings {
  readonly inject: boolean;
  /** Number or name of a container port. */
  readonly port?: number | string;
  readonly capture: 'redirect' | 'takeover' | 'auto';
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
}
