import type { Raw } from './raw.ts';

/** A volume of ours, and how the sidecar mounts it. */
export interface Mounted {
  readonly volume: Raw;
  readonly mount: Raw;
}

/** 0644 in decimal. Everything that the apiserver would fill in is written out, so that what comes back gives no patch. */
export const READABLE = 420;
