import { X509Certificate } from 'node:crypto';

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g;
const DAY_MS = 24 * 3_600_000;
/** All public roots (some 150, 230 KiB) and a company's own fit twice. Each takes a seventh of a millisecond to read. */
const MOST_CHARACTERS = 512 * 1024;
const MOST_CERTIFICATES = 300;

/** The text of a bundle that can be trusted: read alike at admission and by the sidecar, so that none is called sound by one alone. */
export interface CaBundle {
  readonly pem: string;
  readonly certificates: number;
  /** When the first of its certificates ends. */
  readonly earliestEndMs: number;
}

export interface BundleFault {
  readonly code: 'too-large' | 'private-key' | 'not-pem' | 'expired';
  readonly problem: string;
  /** When the last of those that have all expired did. */
  readonly lastEndMs?: number;
}

/** When each certificate ends, by its PEM, undefined for what is none: bundles that share certificates have them read once. */
export type KnownEnds = Map<string, number | undefined>;

/**
 * Reads a bundle, or says why it is none: contract §9.8 asks the sidecar to repeat what admission checks, and a file
 * may change after it. Half a file, as a writer without a rename leaves it, is none either.
 */
export function readCaBundle(text: string, nowMs: number, known: KnownEnds = new Map()): CaBundle | BundleFault {
  const excess = excessOf(text);
  if (excess !== undefined) return { code: 'too-large', problem: excess };
  if (/-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(text)) {
    return { code: 'private-key', problem: 'holds a private key, which belongs in no bundle' };
  }
  const blocks = text.match(CERTIFICATE) ?? [];
  const begun = countBlocks(text);
  if (begun === 0) return { code: 'not-pem', problem: 'holds no PEM certificate' };
  const ends = blocks.map((block) => endOf(block, known)).filter((end) => end !== undefined);
  if (ends.length < begun) return { code: 'not-pem', problem: 'holds a PEM block that is no certificate' };
  const lastMs = Math.max(...ends);
  // One that ended may stand beside its successor; when none is left, nothing can be verified.
  if (lastMs <= nowMs) {
    return {
      code: 'expired',
      problem: `holds no certificate that is still valid: the last one expired on ${day(lastMs)}`,
      lastEndMs: lastMs,
    };
  }
  return { pem: blocks.join('\n'), certificates: blocks.length, earliestEndMs: Math.min(...ends) };
}

/** What is too much about a bundle, half a sentence; undefined where it is read. */
export function excessOf(text: string): string | undefined {
  const isLong = text.length > MOST_CHARACTERS;
  const blocks = isLong ? 0 : countBlocks(text);
  if (!isLong && blocks <= MOST_CERTIFICATES) return undefined;
  const size = isLong ? `${Math.ceil(text.length / 1024)} KiB` : `${blocks} certificates`;
  return `holds ${size}, and at most ${MOST_CHARACTERS / 1024} KiB and ${MOST_CERTIFICATES} certificates are read: keep the CAs that are needed`;
}

function countBlocks(text: string): number {
  return text.split('-----BEGIN').length - 1;
}

function endOf(pem: string, known: KnownEnds): number | undefined {
  if (!known.has(pem)) known.set(pem, readEnd(pem));
  return known.get(pem);
}

function readEnd(pem: string): number | undefined {
  try {
    const endMs = new X509Certificate(pem).validToDate.getTime();
    // OpenSSL takes up a certificate whose date is none.
    return Number.isNaN(endMs) ? undefined : endMs;
  } catch {
    return undefined;
  }
}

export function day(ms: number): string {
  return new Date(ms).toISOString().slice(0, 10);
}

/** Whole days until then; negative once it is past. */
export function daysUntil(endMs: number, nowMs: number): number {
  return Math.floor((endMs - nowMs) / DAY_MS);
}
