import { X509Certificate } from 'node:crypto';

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g;
const DAY_MS = 24 * 3_600_000;

/** The text of a bundle that can be trusted: read alike at admission and by the sidecar, so that none is called sound by one alone. */
export interface CaBundle {
  readonly pem: string;
  readonly certificates: number;
  /** When the first of its certificates ends. */
  readonly earliestEndMs: number;
}

export interface BundleFault {
  readonly code: 'private-key' | 'not-pem' | 'expired';
  readonly problem: string;
  /** When the last of those that have all expired did. */
  readonly lastEndMs?: number;
}

/**
 * Reads a bundle, or says why it is none: contract §9.8 asks the sidecar to repeat what admission checks, and a file
 * may change after it. Half a file, as a writer without a rename leaves it, is none either.
 */
export function readCaBundle(text: string, nowMs: number): CaBundle | BundleFault {
  if (/-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(text)) {
    return { code: 'private-key', problem: 'holds a private key, which belongs in no bundle' };
  }
  const blocks = text.match(CERTIFICATE) ?? [];
  const begun = text.split('-----BEGIN').length - 1;
  if (begun === 0) return { code: 'not-pem', problem: 'holds no PEM certificate' };
  const ends = blocks.map(endOf);
  const known = ends.filter((end) => end !== undefined);
  if (known.length < begun) return { code: 'not-pem', problem: 'holds a PEM block that is no certificate' };
  const lastMs = Math.max(...known);
  // One that ended may stand beside its successor; when none is left, nothing can be verified.
  if (lastMs <= nowMs) {
    return {
      code: 'expired',
      problem: `holds no certificate that is still valid: the last one expired on ${day(lastMs)}`,
      lastEndMs: lastMs,
    };
  }
  return { pem: blocks.join('\n'), certificates: blocks.length, earliestEndMs: Math.min(...known) };
}

function endOf(pem: string): number | undefined {
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
