import { createHmac, randomBytes } from 'node:crypto';

/**
 * Names clients by a keyed hash, so that keys in Redis, logs and metrics do not
 * hold them (contract §9.11). The replicas agree on the key through Redis; until
 * then a random one of this process serves.
 */
export class ClientHash {
  #key = randomBytes(32).toString('base64url');

  get key(): string {
    return this.#key;
  }

  adopt(key: string): void {
    this.#key = key;
  }

  /** 128 bits of HMAC-SHA-256, base64url. */
  hash(name: string): string {
    return createHmac('sha256', this.#key).update(name).digest().subarray(0, 16).toString('base64url');
  }
}
