/** What a request says in its `Authorization` header, as far as we read it. */
export type Bearer =
  /** No `Authorization`, or one of another scheme, which is the upstream's matter. */
  | { readonly kind: 'none' }
  | { readonly kind: 'token'; readonly token: string }
  /** Bearer, but what follows cannot be a token. */
  | { readonly kind: 'malformed' }
  | { readonly kind: 'too-large' }
  /** The header stands more than once: whichever we took, the upstream might take another. */
  | { readonly kind: 'repeated' };

/** Above every token that fits the headers of common servers; what is longer only costs time. */
const TOKEN_LIMIT_CHARACTERS = 16 * 1024;

/** Reads the token of RFC 6750 §2.1; the other two ways to send one (form, query) are forbidden by MCP's "Access Token Usage". */
export function readBearer(rawHeaders: readonly string[]): Bearer {
  let value: string | undefined;
  for (let i = 0; i < rawHeaders.length; i += 2) {
    if (rawHeaders[i]?.toLowerCase() !== 'authorization') continue;
    if (value !== undefined) return { kind: 'repeated' };
    value = rawHeaders[i + 1] ?? '';
  }
  // RFC 9110 §11.1: the name of a scheme is case-insensitive.
  const scheme = /^[ \t]*bearer(?![^\s,])/i.exec(value ?? '')?.[0];
  if (value === undefined || scheme === undefined) return { kind: 'none' };
  if (value.length > TOKEN_LIMIT_CHARACTERS) return { kind: 'too-large' };
  // RFC 9110 §11.4: one or more spaces, then token68.
  const token = /^ +([\w\-.~+/]+=*)[ \t]*$/.exec(value.slice(scheme.length))?.[1];
  return token === undefined ? { kind: 'malformed' } : { kind: 'token', token };
}
