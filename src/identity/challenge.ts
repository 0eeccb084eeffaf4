/**
 * The value of `WWW-Authenticate` (RFC 6750 §3). Where no token was sent there is
 * no error code in it, as that section asks. `resourceMetadata` is the operator's:
 * the upstream's own is never copied into our answers, as many servers make it of
 * headers that a client sends, and one client could send the others to a false login.
 */
export function challenge(about: { readonly error?: Error; readonly resourceMetadata?: string | undefined }): string {
  const { error, resourceMetadata } = about;
  const parameters = [
    ...(error === undefined ? [] : [`error="${error.code}"`, `error_description="${error.description}"`]),
    ...(resourceMetadata === undefined ? [] : [`resource_metadata="${resourceMetadata}"`]),
  ];
  return parameters.length === 0 ? 'Bearer' : `Bearer ${parameters.join(', ')}`;
}

/** The description is a constant of ours, without `"` and `\`. */
interface Error {
  readonly code: 'invalid_request' | 'invalid_token';
  readonly description: string;
}
