/**
 * Why a token is refused: the sentence that its client reads, which is also the
 * `error_description` of RFC 6750 §3 and so has neither `"` nor `\`. Nothing of
 * the token itself is ever repeated.
 */
export const tokenFaults = {
  'token-malformed': 'The token is not a signed JWT in compact form',
  'token-too-large': 'The token exceeds 16 KiB',
  'token-algorithm': 'The token is signed with an algorithm that is not accepted here',
  'token-type': 'The token is a JWT of a kind that does not grant access',
  'token-critical': 'The token asks for extensions that are not understood here',
  'token-key': 'The token is signed with a key that its issuer does not publish',
  'token-signature': 'The signature of the token is not valid',
  'token-issuer': 'The token comes from another issuer',
  'token-audience': 'The token was issued for another audience',
  'token-expired': 'The token has expired',
  'token-early': 'The token is not valid yet',
  'token-claims': 'The token lacks one of the claims iss, sub, aud and exp, or has one of the wrong type',
} as const;

export type TokenFault = keyof typeof tokenFaults;
