import type { UpstreamRequest } from './forward.ts';

const MOST_REDIRECTS = 5;
/** RFC 9110 §15.4: those with a `Location` to go on to; 300 and 304 are answers. */
const redirects = new Set([301, 302, 303, 307, 308]);

/** `says` completes "answers with a redirect (302) …". */
export type Redirect = { readonly target: string } | { readonly says: string };

/** What to do about a response; undefined where it is no redirect. */
export function judgeRedirect(
  response: { readonly status: number; readonly locations: readonly string[] },
  asked: { readonly origin: string; readonly target: string; readonly redirectsBefore: number; readonly body: UpstreamRequest['body'] },
): Redirect | undefined {
  const { status, locations } = response;
  if (!redirects.has(status)) return undefined;
  // The others let a client turn a POST into a GET.
  if (status !== 307 && status !== 308) return { says: 'of which only 307 and 308 are followed' };
  const [location, ...more] = locations;
  const next = location === undefined || more.length > 0 ? null : URL.parse(location, `${asked.origin}${asked.target}`);
  if (next === null) return { says: 'without one sound Location' };
  // What it is sent, configured secrets among it, is for the origin that the user named. `blob:https://…` claims the
  // origin of what it wraps (URL Standard §4.7), with a path that is none.
  if (next.origin !== asked.origin || !asked.origin.startsWith(next.protocol))
    return { says: 'to another origin, where no redirect is followed' };
  if (asked.redirectsBefore >= MOST_REDIRECTS) return { says: `after ${MOST_REDIRECTS} others` };
  if (asked.body !== undefined && !(asked.body instanceof Uint8Array))
    return { says: 'of a body that passes as it comes, and cannot be sent again' };
  return { target: `${next.pathname}${next.search}` };
}
