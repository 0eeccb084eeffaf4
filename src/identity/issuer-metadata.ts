const WELL_KNOWN = '/.well-known/';

/**
 * Where an issuer's metadata may be, in the order in which to ask: OpenID Connect
 * Discovery §4 puts the well-known part behind the issuer's path, RFC 8414 §3
 * before it.
 */
export function metadataUrls(issuer: string): readonly string[] {
  const { origin, pathname } = new URL(issuer);
  const path = pathname.replace(/\/+$/, '');
  const urls = [
    `${origin}${path}${WELL_KNOWN}openid-configuration`,
    `${origin}${WELL_KNOWN}oauth-authorization-server${path}`,
    `${origin}${WELL_KNOWN}openid-configuration${path}`,
  ];
  return [...new Set(urls)];
}

export type ReadMetadata = { readonly ok: true; readonly jwksUri: string } | { readonly ok: false; readonly problem: string };

/** Takes `jwks_uri` of metadata that says itself that it is this issuer's (RFC 8414 §3.3), and only an https one. */
export function readMetadata(text: string, issuer: string): ReadMetadata {
  const { issuer: named, jwks_uri: jwksUri } = fieldsOf(text);
  if (named !== issuer) return { ok: false, problem: 'its metadata is of another issuer' };
  if (typeof jwksUri !== 'string' || !URL.canParse(jwksUri)) return { ok: false, problem: 'its metadata has no jwks_uri' };
  const { protocol, username, password } = new URL(jwksUri);
  if (protocol !== 'https:' || username !== '' || password !== '') {
    return { ok: false, problem: 'the jwks_uri of its metadata is no https URL without credentials' };
  }
  return { ok: true, jwksUri };
}

function fieldsOf(text: string): Readonly<Record<string, unknown>> {
  try {
    const metadata: unknown = JSON.parse(text);
    return typeof metadata === 'object' && metadata !== null ? (metadata as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}
