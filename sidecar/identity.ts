import type { Logger } from 'pino';
import { createIdentify, type Identify } from '../src/identity/identify.ts';
import { createJwtIdentify } from '../src/identity/identify-jwt.ts';
import { metadataUrls, readMetadata } from '../src/identity/issuer-metadata.ts';
import type { JwtIdentity, Settings } from '../src/settings/settings.ts';
import type { Check } from './admin.ts';
import { httpsGet } from './https-get.ts';
import { Jwks, type JwksTimings } from './jwks.ts';
import type { Metrics } from './metrics.ts';

/** Issuers publish some kilobytes. */
const DOCUMENT_LIMIT_BYTES = 256 * 1024;
/** For the keys, and for the metadata that say where they are: no request waits longer. */
const DEADLINE_MS = 5_000;

export interface Identity {
  readonly identify: Identify;
  /** Whether the issuer gave keys once in this process's life; absent where nobody is asked. */
  readonly check: () => Check | undefined;
  readonly stop: () => void;
}

export interface IdentityDeps {
  readonly caFile: string | undefined;
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly timings?: JwksTimings | undefined;
}

/** Who calls, as the settings have it; asks the issuer at once where there is one. */
export function startIdentity(settings: Settings['identity'], deps: IdentityDeps): Identity {
  const rules = settings?.jwt;
  if (rules === undefined) return { identify: createIdentify(settings?.header), check: () => undefined, stop: () => undefined };
  const { log, metrics, caFile, timings } = deps;
  let isAway = false;
  let hasAnswered = false;
  const keys = new Jwks({
    fetch: () => fetchKeys(rules, caFile),
    nowMs: () => performance.now(),
    onKeys({ size, isChanged }) {
      metrics.setIssuerKeys(size);
      if (isChanged || isAway) log.info({ issuer: rules.issuer, keys: size }, 'the issuer gave its keys');
      isAway = false;
      hasAnswered = true;
    },
    onProblem(problem) {
      metrics.countIssuerFailure();
      if (!isAway) log.warn({ issuer: rules.issuer, problem, hasKeys: hasAnswered }, 'the issuer gave no keys');
      isAway = true;
    },
    ...(timings && { timings }),
  });
  void keys.start();
  return {
    identify: createJwtIdentify({ rules, keys, nowMs: Date.now }),
    check: () => ({ name: 'issuer', isHeld: hasAnswered, reason: `${rules.issuer} gave no keys: ${keys.problem}` }),
    stop: () => keys.stop(),
  };
}

async function fetchKeys({ issuer, jwksUri }: JwtIdentity, caFile: string | undefined): Promise<string> {
  const endMs = performance.now() + DEADLINE_MS;
  const get = (url: string): Promise<string> =>
    httpsGet(url, { caFile, limitBytes: DOCUMENT_LIMIT_BYTES, deadlineMs: Math.max(1, Math.round(endMs - performance.now())) });
  return get(jwksUri ?? (await locateKeys(issuer, get)));
}

/** Each time anew, as the issuer may move its keys. */
async function locateKeys(issuer: string, get: (url: string) => Promise<string>): Promise<string> {
  let problem = '';
  for (const url of metadataUrls(issuer)) {
    try {
      const metadata = readMetadata(await get(url), issuer);
      if (metadata.ok) return metadata.jwksUri;
      problem ||= metadata.problem;
    } catch (error) {
      problem ||= (error as Error).message;
    }
  }
  throw new Error(`no metadata: ${problem}`);
}
