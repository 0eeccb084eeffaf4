import { hash } from 'node:crypto';
import type { KeySet } from './key-set.ts';

/** What was found of a token whose signature holds. Times as in the token: seconds since 1970. */
export interface VerifiedToken {
  readonly client: string;
  readonly expiresSeconds: number;
  readonly notBeforeSeconds: number | undefined;
}

const MOST_TOKENS = 1_000;

/**
 * Tokens verified with the present keys, as a client sends the same one with each
 * request and a signature costs more than all the rest of it. Only their digests
 * are held; other keys make it forget everything.
 */
export class VerifiedTokens {
  readonly #clockSkewMs: number;
  readonly #held = new Map<string, VerifiedToken>();
  #keys: KeySet | undefined;

  constructor(clockSkewMs: number) {
    this.#clockSkewMs = clockSkewMs;
  }

  /** The client of a token that was verified with these keys and is good now. */
  recall(token: string, keys: KeySet, nowMs: number): string | undefined {
    if (keys !== this.#keys) return undefined;
    const held = this.#held.get(digest(token));
    if (held === undefined) return undefined;
    const nowSeconds = Math.floor(nowMs / 1000);
    const skewSeconds = this.#clockSkewMs / 1000;
    const isGood = held.expiresSeconds > nowSeconds - skewSeconds && (held.notBeforeSeconds ?? 0) <= nowSeconds + skewSeconds;
    return isGood ? held.client : undefined;
  }

  keep(token: string, keys: KeySet, verified: VerifiedToken): void {
    if (keys !== this.#keys) this.#held.clear();
    this.#keys = keys;
    const [oldest] = this.#held.keys();
    if (this.#held.size >= MOST_TOKENS && oldest !== undefined) this.#held.delete(oldest);
    this.#held.set(digest(token), verified);
  }
}

const digest = (token: string): string => hash('sha256', token, 'base64url');
