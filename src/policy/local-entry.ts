import type { Bucket } from '../settings/settings.ts';
import { MICRO_PER_TOKEN } from './charge-state.ts';

/** A bucket as a replica knows it by itself, in micro-tokens of the whole limit. */
export interface LocalEntry {
  readonly maxTokens: number;
  readonly periodMs: number;
  /** Below 0 where a call took more than the share. */
  readonly micro: number;
  /** What it would hold had nothing been spent here since Redis last told: the most that Redis can hold. */
  readonly baseMicro: number;
  /** The time, of a clock that never goes back, at which both were true. */
  readonly atMs: number;
}

/** The entry at a later time. */
export function grown(entry: LocalEntry, nowMs: number): LocalEntry {
  const elapsedMs = nowMs - entry.atMs;
  if (elapsedMs <= 0) return entry;
  const full = entry.maxTokens * MICRO_PER_TOKEN;
  const refill = (elapsedMs * full) / entry.periodMs;
  return { ...entry, micro: Math.min(full, entry.micro + refill), baseMicro: Math.min(full, entry.baseMicro + refill), atMs: nowMs };
}

/** The entry under another limit, with the same share spent. */
export function rescaled(entry: LocalEntry, { maxTokens, refillPeriodMs }: Bucket, nowMs: number): LocalEntry {
  if (entry.maxTokens === maxTokens && entry.periodMs === refillPeriodMs) return entry;
  const now = grown(entry, nowMs);
  const scale = maxTokens / entry.maxTokens;
  return { ...now, maxTokens, periodMs: refillPeriodMs, micro: now.micro * scale, baseMicro: now.baseMicro * scale };
}

/** Whole milliseconds until the entry holds so much; 0 where it does. */
export function waitMs(entry: LocalEntry, neededMicro: number, nowMs: number): number {
  const holds = (afterMs: number): boolean => grown(entry, nowMs + afterMs).micro >= neededMicro;
  if (holds(0)) return 0;
  const lack = neededMicro - grown(entry, nowMs).micro;
  let wait = Math.max(1, Math.ceil((lack * entry.periodMs) / (entry.maxTokens * MICRO_PER_TOKEN)));
  // An estimate of doubles, then set right.
  while (wait > 1 && holds(wait - 1)) wait--;
  while (!holds(wait)) wait++;
  return wait;
}
