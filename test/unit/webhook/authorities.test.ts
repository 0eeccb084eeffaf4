import { expect, it } from 'vitest';
import { judgeAuthorities } from '../../../webhook/authorities.ts';

// Sound, and of a key that forge cannot sign with.
const certificate = `-----BEGIN CERTIFICATE-----
MIIBcjCCARegAwIBAgIUEsVrPsaYzQX9NpjHSeOgz9Ditu4wCgYIKoZIzj0EAwIw
DTELMAkGA1UEAwwCZWMwIBcNMjYxMTIxMTQ1OTQ3WhgPMjEyNjEwMjgxNDU5NDda
MA0xCzAJBgNVBAMMAmVjMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEWfN3C7SU
NAgsdB5kAlbeKYbU+cy5jKrNG2mLDCNCeAwL37ouYghitt4P3CfzDODviP8weGb0
qkgi8nsfINTsd6NTMFEwHQYDVR0OBBYEFNdUuuC5rrHw8Xq2NqQEizcdVHryMB8G
A1UdIwQYMBaAFNdUuuC5rrHw8Xq2NqQEizcdVHryMA8GA1UdEwEB/wQFMAMBAf8w
CgYIKoZIzj0EAwIDSQAwRgIhAOJdIsX7QEvjpcWBH4uGGjsXkgKxLRSmQa827k52
VhXXAiEAimoJUavaIG+vZUQhAueTc9q30bbjY8UOY69cFeWf16g=
-----END CERTIFICATE-----
`;
const key = `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgValfSlmAKcsK9pBR
/s8t8WJZcVDfAfbH5xCqUt1ThFOhRANCAARZ83cLtJQ0CCx0HmQCVt4phtT5zLmM
qs0baYsMI0J4DAvfui5iCGK23g/cJ/MM4O+I/zB4ZvSqSCLyex8g1Ox3
-----END PRIVATE KEY-----
`;

it('[webhook:broken-secret] a CA whose key is not RSA is replaced, as no replica could sign its leaf by it', () => {
  const encode = (text: string): string => Buffer.from(text).toString('base64');
  const judged = judgeAuthorities({ 'ca.crt': encode(certificate), 'ca.key': encode(key) }, Date.parse('2027-01-01T00:00:00Z'));
  expect(judged).toEqual({ state: 'unusable', reason: 'its CA has no RSA key' });
});
