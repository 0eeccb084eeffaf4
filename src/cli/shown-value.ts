/** An annotation's value for people: what may be a password, in a URL that the webhook would refuse, is kept back. */
export function shownValue(key: string, value: string): string {
  // As src/settings/redis.ts has it: no part of it may have an "@", "?" or "#".
  if (key === 'redis') return value.replace(/^.*@/s, '…@').replace(/[?#].*$/s, '?…');
  return value.replace(/(:\/\/)[^/?#\s]*@/g, '$1…@');
}
