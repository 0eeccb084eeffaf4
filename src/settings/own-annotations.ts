import { PREFIX } from '../lib/prefix.ts';

/** Those annotations of an object that are ours, by their prefix. */
export function ownAnnotations(annotations: Readonly<Record<string, string>> | null | undefined): Record<string, string> {
  return Object.fromEntries(Object.entries(annotations ?? {}).filter(([key]) => key.startsWith(PREFIX)));
}
