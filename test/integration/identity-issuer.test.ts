import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { httpsGet } from '../../sidecar/https-get.ts';
import { type FakeUpstream, startFakeUpstream } from '../support/fake-upstream.ts';
import { startIssuer, TEST_AUDIENCE, type TestIssuer } from '../support/issuer.ts';
import { rawRequest, sendRaw, toolCall } from '../support/raw-client.ts';
import { makeCertificates, type TestCertificates } from '../support/redis-tls.ts';
import { startTestSidecar, type TestSidecar } from '../support/test-sidecar.ts';
import { until } from '../support/until-true.ts';

let upstream: FakeUpstream;
let certificates: TestCertificates;
let issuer: TestIssuer;
let folder: string;
let caFile: string;
beforeAll(async () => {
  certificates = makeCertificates();
  [upstream, issuer, folder] = [await startFakeUpstream(), await startIssuer(certificates), await mkdtemp(join(tmpdir(), 'mcp-sluice-'))];
  caFile = join(folder, 'ca.crt');
  await writeFile(caFile, issuer.ca);
});
afterAll(async () => {
  await Promise.all([upstream.close(), issuer.close(), rm(folder, { recursive: true })]);
});
beforeEach(() => {
  issuer.answer(undefined);
  issuer.asked.length = 0;
});

const start = (at: TestIssuer, options: { jwksUri?: string; caFile?: string } = {}): Promise<TestSidecar> =>
  startTestSidecar({
    upstream: upstream.url,
    annotations: {
      identity: JSON.stringify({ jwt: { issuer: at.url, audience: TEST_AUDIENCE, ...(options.jwksUri && { jwksUri: options.jwksUri }) } }),
    },
    args: [`--identity-ca-file=${options.caFile ?? caFile}`],
  });
const call = async (sidecar: TestSidecar, token: string | undefined) => {
  const headers = token === undefined ? [] : [`Authorization: Bearer ${token}`];
  return sendRaw(sidecar.port, rawRequest({ body: toolCall('a'), headers }), { quietMs: 60 });
};
const get = (path: string, options: { deadlineMs?: number } = {}) =>
  httpsGet(`${issuer.url}${path}`, { caFile, limitBytes: 64 * 1024, deadlineMs: options.deadlineMs ?? 5000 });

describe('what is asked of an issuer', () => {
  it('[jwt:issuer-tls] is asked over TLS that the given CA vouches for, and no other', async () => {
    expect(JSON.parse(await get('/keys'))).toMatchObject({ keys: [{ kid: 'first' }] });
    await writeFile(join(folder, 'other.crt'), makeCertificates().ca);
    const options = { limitBytes: 1024, deadlineMs: 5000 };
    const other = httpsGet(`${issuer.url}/keys`, { ...options, caFile: join(folder, 'other.crt') });
    await expect(other).rejects.toThrow(
      /^localhost:\d+: (UNABLE_TO_VERIFY_LEAF_SIGNATURE|SELF_SIGNED_CERT_IN_CHAIN|CERT_SIGNATURE_FAILURE|ERR_SSL.*)$/,
    );
    await expect(httpsGet(`${issuer.url}/keys`, { ...options, caFile: undefined })).rejects.toThrow(/UNABLE_TO|SELF_SIGNED/);
    await expect(httpsGet(`https://127.0.0.2:${issuer.port}/`, { ...options, caFile })).rejects.toThrow();
    await expect(httpsGet('http://localhost/keys', { ...options, caFile })).rejects.toThrow('without TLS');
    await expect(httpsGet(`${issuer.url}/keys`, { ...options, caFile: join(folder, 'none') })).rejects.toThrow('ENOENT');
  });

  it('[jwt:issuer-tls] refuses to be sent elsewhere', async () => {
    issuer.answer((_, response) => void response.writeHead(302, { location: `${issuer.url}/keys` }).end('{"keys":[]}'));
    await expect(get('/moved')).rejects.toThrow(/answered with status 302/);
    expect(issuer.asked).toEqual(['/moved']);
  });

  it.each([204, 401, 404, 500])('takes nothing from an answer with status %i', async (status) => {
    issuer.answer((_, response) => void response.writeHead(status).end());
    await expect(get('/keys')).rejects.toThrow(`answered with status ${status}`);
  });

  it('[jwt:bounded-document] is not read beyond its bound', async () => {
    let sent = 0;
    issuer.answer((_, response) => {
      response.writeHead(200);
      const more = () => {
        while (!response.destroyed && response.write('x'.repeat(16_384))) sent += 16_384;
        if (!response.destroyed) response.once('drain', more);
      };
      more();
    });
    await expect(get('/huge')).rejects.toThrow(/sent more than 64 KiB/);
    expect(sent).toBeLessThan(64 * 2 ** 20);
  });

  it('[jwt:bounded-document] is not waited for beyond its deadline, before its head or amid its body', async () => {
    issuer.answer(() => undefined);
    await expect(get('/never', { deadlineMs: 100 })).rejects.toThrow('did not answer within 100 ms');
    issuer.answer((_, response) => void response.writeHead(200).write('{"keys":'));
    await expect(get('/half', { deadlineMs: 100 })).rejects.toThrow('did not answer within 100 ms');
    issuer.answer((request) => request.socket.destroy());
    await expect(get('/cut')).rejects.toThrow('UND_ERR_SOCKET');
  });
});

describe('a sidecar and its issuer', () => {
  it('[jwt:metadata] finds the keys by the issuer alone', async () => {
    const sidecar = await start(issuer);
    await sidecar.ready();
    expect((await call(sidecar, await issuer.token())).status).toBe(200);
    expect(issuer.asked).toEqual(['/.well-known/openid-configuration', '/keys']);
    await sidecar.close();
  });

  it('[jwt:rotation] [jwt:shared-refresh] takes up a new key at its first token, with one question for many of them', async () => {
    const sidecar = await start(issuer, { jwksUri: `${issuer.url}/keys` });
    await sidecar.ready();
    const old = await issuer.token();
    expect((await call(sidecar, old)).status).toBe(200);
    await issuer.rotate('second');
    const tokens = await Promise.all(Array.from({ length: 20 }, (_, i) => issuer.token({ sub: `user-${i}` })));
    const answers = await Promise.all(tokens.map((token) => call(sidecar, token)));
    expect(answers.map(({ status }) => status)).toEqual(Array(20).fill(200));
    expect(issuer.asked).toEqual(['/keys', '/keys']);
    expect((await call(sidecar, old)).status).toBe(200);
    expect(await sidecar.metric('mcp_sluice_issuer_keys')).toBe(2);
    // In the cooldown another unknown key costs no question.
    expect((await call(sidecar, await issuer.token({}, { kid: 'made-up' }))).status).toBe(401);
    expect(issuer.asked).toHaveLength(2);
    await sidecar.close();
  });

  it('[jwt:unreachable] refuses tokens with 503 until the issuer was reached once, and says so', async () => {
    const late = await startIssuer(certificates);
    const token = await late.token();
    await late.close();
    const sidecar = await start(late, { jwksUri: `${late.url}/keys` });
    await until(async () => (await sidecar.metric('mcp_sluice_issuer_failures_total')) > 0);
    const refused = await call(sidecar, token);
    expect(refused.status).toBe(503);
    expect(Number(refused.headers['retry-after'])).toBeGreaterThanOrEqual(1);
    expect(JSON.parse(refused.body).error).toMatchObject({ code: -32603, message: expect.stringContaining('ECONNREFUSED') });
    expect((await call(sidecar, undefined)).status).toBe(200);
    const { status, text } = await sidecar.admin('/readyz');
    expect([status, JSON.parse(text).checks.issuer]).toEqual([503, `${late.url} gave no keys: localhost:${late.port}: ECONNREFUSED`]);
    expect(sidecar.lines.filter(({ msg }) => msg === 'the issuer gave no keys')).toHaveLength(1);
    await late.open();
    await sidecar.ready();
    expect((await call(sidecar, token)).status).toBe(200);
    // And away again.
    await late.close();
    expect((await call(sidecar, token)).status).toBe(200);
    expect((await call(sidecar, await late.token({}, { kid: 'newer' }))).status).toBe(503);
    expect((await sidecar.admin('/readyz')).status).toBe(200);
    await sidecar.close();
  });

  it('[jwt:issuer-tls] never becomes ready with an issuer whose certificate another CA signed', async () => {
    const impostor = await startIssuer();
    const sidecar = await start(impostor, { jwksUri: `${impostor.url}/keys` });
    await until(async () => (await sidecar.metric('mcp_sluice_issuer_failures_total')) > 0);
    expect((await call(sidecar, await impostor.token())).status).toBe(503);
    expect((await sidecar.admin('/readyz')).status).toBe(503);
    expect(impostor.asked).toEqual([]);
    await Promise.all([sidecar.close(), impostor.close()]);
  });

  it('[jwt:unreachable] takes up a CA that comes later', async () => {
    const file = join(folder, 'later.crt');
    const sidecar = await start(issuer, { jwksUri: `${issuer.url}/keys`, caFile: file });
    await until(async () => (await sidecar.admin('/readyz')).text.includes('its CA cannot be read'));
    await writeFile(file, issuer.ca);
    await sidecar.ready();
    await sidecar.close();
  });
});
