import type { JwtIdentity } from '../settings/settings.ts';
import { readBearer } from './bearer.ts';
import { challenge } from './challenge.ts';
import { anonymous, type Identified, type Peer } from './identify.ts';
import type { KeySet } from './key-set.ts';
import { type TokenFault, tokenFaults } from './token-faults.ts';
import { VerifiedTokens } from './verified-tokens.ts';
import { inspectToken, verifyToken } from './verify-token.ts';

/** The issuer's keys as they are known. */
export interface KeySource {
  /** The newest that may still be used, without waiting; undefined where there are none. */
  current(): KeySet | undefined;
  /** Asks the issuer unless it was asked lately; resolves with what is known then. All who ask at once share one question. Never rejects. */
  renew(): Promise<KeySet | undefined>;
  /** Why the issuer gave no keys when it was last asked; undefined where it did. */
  readonly problem: string | undefined;
  /** Seconds until it is asked again, at least 1. */
  readonly retryAfterSeconds: number;
}

export interface JwtIdentification {
  readonly rules: JwtIdentity;
  readonly keys: KeySource;
  /** Milliseconds since 1970, as `exp` and `nbf` are of the clock on the wall. */
  readonly nowMs: () => number;
}

type Refused = Extract<Identified, { ok: false }>;

/**
 * Names a client by its verified token; without one it is anonymous, unless a token
 * is required. What is refused for it is refused where MCP is spoken: preflights
 * (the Fetch standard sends them without credentials) and what is elsewhere, such
 * as the documents that a login begins with or an API with tokens of its own, pass.
 */
export function createJwtIdentify({ rules, keys, nowMs }: JwtIdentification): (peer: Peer) => Promise<Identified> {
  const { resourceMetadata } = rules;
  const verifiedTokens = new VerifiedTokens(rules.clockSkewMs);
  const missing: Refused = {
    ok: false,
    rung: 'identity:token-missing',
    status: 401,
    message: 'This server asks for a token (Authorization: Bearer …).',
    headers: { 'WWW-Authenticate': challenge({ resourceMetadata }) },
    isLetPassInShadow: true,
  };

  const refused = (fault: TokenFault): Refused => ({
    ok: false,
    rung: `identity:${fault}`,
    status: 401,
    message: `${tokenFaults[fault]}.`,
    headers: { 'WWW-Authenticate': challenge({ error: { code: 'invalid_token', description: tokenFaults[fault] }, resourceMetadata }) },
    isLetPassInShadow: true,
  });

  const unreachable = (): Refused => ({
    ok: false,
    rung: 'identity:issuer-unreachable',
    status: 503,
    message: `The token cannot be verified now: its issuer gives no keys${keys.problem === undefined ? '' : ` (${keys.problem})`}.`,
    headers: { 'Retry-After': String(keys.retryAfterSeconds) },
    isLetPassInShadow: true,
  });

  async function identifyToken(token: string): Promise<Identified> {
    const atOnce = keys.current();
    const client = atOnce && verifiedTokens.recall(token, atOnce, nowMs());
    if (client !== undefined) return { ok: true, client, isHeaderTrusted: false };
    const inspected = inspectToken(token, rules);
    if (!inspected.ok) return refused(inspected.fault);
    let known = atOnce ?? (await keys.renew());
    if (known === undefined) return unreachable();
    let verified = await verifyToken(token, inspected.head, known, rules, nowMs());
    if (!verified.ok && verified.fault === 'token-key') {
      // Perhaps the issuer's newest key.
      const renewed = await keys.renew();
      if (renewed !== undefined && renewed !== known) {
        known = renewed;
        verified = await verifyToken(token, inspected.head, known, rules, nowMs());
      }
      // A 401 would send the client to log in again and again, for more of the same.
      if (!verified.ok && verified.fault === 'token-key' && keys.problem !== undefined) return unreachable();
    }
    if (!verified.ok) return refused(verified.fault);
    verifiedTokens.keep(token, known, verified.verified);
    return { ok: true, client: verified.verified.client, isHeaderTrusted: false };
  }

  async function judge(rawHeaders: readonly string[]): Promise<Identified> {
    const bearer = readBearer(rawHeaders);
    switch (bearer.kind) {
      case 'none':
        return rules.isRequired ? missing : anonymous;
      case 'token':
        return identifyToken(bearer.token);
      case 'malformed':
        return refused('token-malformed');
      case 'too-large':
        return refused('token-too-large');
      case 'repeated': {
        const description = 'The header Authorization stands more than once';
        return {
          ok: false,
          rung: 'identity:duplicate-authorization',
          // RFC 6750 §3.1: the request is malformed, not the token.
          status: 400,
          message: `${description}.`,
          headers: { 'WWW-Authenticate': challenge({ error: { code: 'invalid_request', description }, resourceMetadata }) },
          isLetPassInShadow: true,
        };
      }
    }
  }

  return async function identify({ rawHeaders, method, isMcpPath }) {
    const found = await judge(rawHeaders);
    return found.ok || (isMcpPath && method !== 'OPTIONS') ? found : { ...anonymous, refusedAsMessage: found };
  };
}
