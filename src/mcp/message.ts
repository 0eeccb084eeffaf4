/** Revisions up to 2025-11-25 are legacy, 2026-07-28 and later modern; no evidence means legacy. */
export type Era = 'legacy' | 'modern';

/** Who a client says it is (`initialize`'s `clientInfo`, or the one in a modern `_meta`): bounded, believed by nobody. */
export interface ClientInfo {
  readonly name: string;
}

/** What one POST body is, decided from its bytes. */
export type Message =
  | {
      readonly kind: 'request';
      readonly era: Era;
      readonly method: string;
      /** The id as it stands in the body, JSON text, so that it is echoed to the letter. */
      readonly id: string;
      /** `params.name` of a `tools/call`. */
      readonly tool?: string;
      readonly clientInfo?: ClientInfo;
    }
  | { readonly kind: 'notification'; readonly era: Era; readonly method: string; readonly tool?: string }
  | { readonly kind: 'response'; readonly era: Era }
  /** A body that is no JSON-RPC by nature (a form, a body outside the MCP paths): passes untouched. */
  | { readonly kind: 'opaque' };

/** The answer given instead of forwarding. */
export interface Refusal {
  /** The rung of the ladder, or the rule, that refused: stable, for tests, logs and metrics. */
  readonly rung: string;
  /** HTTP status. */
  readonly status: number;
  /** JSON-RPC error code. */
  readonly code: number;
  readonly message: string;
  readonly era: Era;
  /** JSON text of the request's id, where it is known and sound. */
  readonly id?: string;
  readonly data?: Readonly<Record<string, unknown>>;
  readonly headers?: Readonly<Record<string, string>>;
  /** The answer is the failed result of a tool, which models read, in place of an error; `plain`: without structured content. */
  readonly form?: 'tool-result' | 'plain-tool-result';
}

export type Classified = { readonly ok: true; readonly message: Message } | { readonly ok: false; readonly refusal: Refusal };
