/** The prefix of every annotation that is ours. */
export const PREFIX = 'mcp-sluice.dev/';

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
  readonly onFailure: 'open' | 'closed';
}

/** A client's name is the value of a header, believed only from these peers. */
export interface HeaderIdentity {
  /** Lower case. */
  readonly name: string;
  readonly from: readonly string[];
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
  readonly identity?: { readonly header: HeaderIdentity };
  readonly mode: 'enforce' | 'shadow';
  readonly sidecarResources: {
    readonly requests: Readonly<Record<string, string>>;
    readonly limits: Readonly<Record<string, string>>;
  };
  readonly logLevel: 'fatal' | 'error' | 'warn' | 'info' | 'debug' | 'trace' | 'silent';
  /** Environment set in the app where absent. */
  readonly bindEnv: readonly { readonly name: string; readonly value: string }[];
}
