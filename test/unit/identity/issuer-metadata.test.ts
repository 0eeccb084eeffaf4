import { describe, expect, it } from 'vitest';
import { metadataUrls, readMetadata } from '../../../src/identity/issuer-metadata.ts';

const ISSUER = 'https://idp.example/realm';
const text = (metadata: object) => JSON.stringify({ issuer: ISSUER, jwks_uri: 'https://keys.example/jwks', ...metadata });

describe("an issuer's metadata", () => {
  it('[jwt:metadata] is looked for where OpenID Connect and OAuth put it', () => {
    expect(metadataUrls(ISSUER)).toEqual([
      'https://idp.example/realm/.well-known/openid-configuration',
      'https://idp.example/.well-known/oauth-authorization-server/realm',
      'https://idp.example/.well-known/openid-configuration/realm',
    ]);
    expect(metadataUrls('https://idp.example/')).toEqual([
      'https://idp.example/.well-known/openid-configuration',
      'https://idp.example/.well-known/oauth-authorization-server',
    ]);
  });

  it('[jwt:metadata] says where the keys are', () => {
    expect(readMetadata(text({}), ISSUER)).toEqual({ ok: true, jwksUri: 'https://keys.example/jwks' });
  });

  it.each([
    ['of another issuer', text({ issuer: `${ISSUER}/` }), 'its metadata is of another issuer'],
    ['of nobody', '{}', 'its metadata is of another issuer'],
    ['that is no JSON', '<html>', 'its metadata is of another issuer'],
    ['without keys', text({ jwks_uri: undefined }), 'its metadata has no jwks_uri'],
    ['with no URL', text({ jwks_uri: '/keys' }), 'its metadata has no jwks_uri'],
    ['over plain http', text({ jwks_uri: 'http://idp.example/keys' }), 'the jwks_uri of its metadata is no https URL without credentials'],
    [
      'with credentials',
      text({ jwks_uri: 'https://a:b@idp.example/' }),
      'the jwks_uri of its metadata is no https URL without credentials',
    ],
  ])('[jwt:metadata] is not believed %s', (_, metadata, problem) => {
    expect(readMetadata(metadata, ISSUER)).toEqual({ ok: false, problem });
  });
});
