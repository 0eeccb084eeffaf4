import { X509Certificate } from 'node:crypto';
import { type AddressInfo, createServer } from 'node:net';
import forge from 'node-forge';
import { beforeAll, describe, expect, it } from 'vitest';
import { issueAuthority, issueLeaf, type KeyPair, randomSerial } from '../../webhook/certificate.ts';
import { dialable, distrust, readServedChain } from '../../webhook/served-chain.ts';

const DAY_MS = 24 * 3_600_000;
const nowMs = Date.parse('2026-11-21T12:00:00Z');
const name = 'hook.sys.svc';
const parse = (...pairs: readonly { readonly certificate: string }[]) => pairs.map(({ certificate }) => new X509Certificate(certificate));

/** As cert-manager issues it from a CA that is not the root. */
function signIntermediate(root: KeyPair, keys: KeyPair): KeyPair {
  const certificate = forge.pki.certificateFromPem(keys.certificate);
  certificate.serialNumber = randomSerial();
  certificate.setIssuer(forge.pki.certificateFromPem(root.certificate).subject.attributes);
  certificate.setExtensions([{ name: 'basicConstraints', cA: true, critical: true }]);
  certificate.sign(forge.pki.privateKeyFromPem(root.key), forge.md.sha256.create());
  return { certificate: forge.pki.certificateToPem(certificate), key: keys.key };
}

describe('what an apiserver makes of a served certificate', () => {
  let root: KeyPair;
  let intermediate: KeyPair;
  let leaf: KeyPair;
  let leafOfIntermediate: KeyPair;
  beforeAll(async () => {
    root = await issueAuthority(nowMs);
    intermediate = signIntermediate(root, await issueAuthority(nowMs + 1000));
    leaf = await issueLeaf(root, [name], nowMs);
    leafOfIntermediate = await issueLeaf(intermediate, [name], nowMs);
  });

  it('is trust, where the bundle has the issuer, among others', async () => {
    const other = await issueAuthority(nowMs);
    expect(distrust(parse(leaf), other.certificate + root.certificate, name, nowMs)).toBeUndefined();
  });

  it('is trust through certificates in between, where they are served too', () => {
    expect(distrust(parse(leafOfIntermediate, intermediate), root.certificate, name, nowMs)).toBeUndefined();
    expect(distrust(parse(leafOfIntermediate), root.certificate, name, nowMs)).toMatch(/does not verify/);
  });

  it.each<[string, RegExp, () => string | undefined]>([
    ['another name', /not for other\.svc/, () => distrust(parse(leaf), root.certificate, 'other.svc', nowMs)],
    ['an empty bundle', /does not verify/, () => distrust(parse(leaf), '', name, nowMs)],
    ['a bundle that is no PEM', /does not verify/, () => distrust(parse(leaf), 'Cg==', name, nowMs)],
    ['a leaf that has ended', /not valid now/, () => distrust(parse(leaf), root.certificate, name, nowMs + 2 * DAY_MS)],
    ['a leaf that has not begun', /not valid now/, () => distrust(parse(leaf), root.certificate, name, nowMs - DAY_MS)],
    ['nothing served', /no certificate/, () => distrust([], root.certificate, name, nowMs)],
  ])('is distrust of %s', (_what, reason, ask) => {
    expect(ask()).toMatch(reason);
  });

  it('is distrust of a CA of the same name with another key', async () => {
    const twin = await issueAuthority(nowMs);
    expect(distrust(parse(leaf), twin.certificate, name, nowMs)).toMatch(/does not verify/);
  });

  it('[webhook:readyz] is asked of ourselves at an address that every pod has', () => {
    expect(dialable({ address: '::', family: 'IPv6', port: 1 })).toEqual({ host: '127.0.0.1', port: 1 });
    expect(dialable({ address: '0.0.0.0', family: 'IPv4', port: 1 })).toEqual({ host: '127.0.0.1', port: 1 });
    expect(dialable({ address: '10.0.0.7', family: 'IPv4', port: 1 })).toEqual({ host: '10.0.0.7', port: 1 });
  });

  it('is not to be had from what does not shake hands', async () => {
    const silent = createServer();
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    const { port } = silent.address() as AddressInfo;
    silent.on('connection', (socket) => socket.on('error', () => undefined).resume());
    await expect(readServedChain({ host: '127.0.0.1', port }, name)).rejects.toThrow(/no handshake within 2000 ms/);
    silent.once('connection', (socket) => socket.destroy());
    await expect(readServedChain({ host: '127.0.0.1', port }, name)).rejects.toThrow(/closed|reset|disconnected/i);
    await new Promise((resolve) => silent.close(resolve));
    await expect(readServedChain({ host: '127.0.0.1', port }, name)).rejects.toThrow(/ECONNREFUSED/);
  });
});
