import { request } from 'node:https';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ask, reviewOf, startTestWebhook, type TestWebhook, untilReady } from '../support/test-webhook.ts';

const deep = (depth: number) => `${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`;
/** A review whose object holds this JSON text at `metadata.deep`. */
const holding = (json: string) => reviewOf().replace('"metadata":{', `"metadata":{"deep":${json},`);
const annotated = { 'mcp-sluice.dev/inject': 'true' };

/** On a machine that is busy with other things, too. */
const eventually = <T>(read: () => T) => expect.poll(read, { timeout: 20_000 });

describe('what nobody should send', () => {
  let webhook: TestWebhook;
  beforeAll(async () => {
    webhook = await startTestWebhook();
    await untilReady(webhook);
  });
  afterAll(() => webhook.webhook.stop());

  it.each<[string, number, Parameters<typeof ask>[2]]>([
    ['an empty body', 400, { body: '' }],
    ['no JSON', 400, { body: '{' }],
    ['no review', 400, { body: '{"kind":"Pod"}' }],
    ['a review without uid', 400, { body: reviewOf({ uid: undefined }) }],
    ['a null object on CREATE', 400, { body: reviewOf({ object: null }) }],
    ['a null object on UPDATE', 400, { body: reviewOf({ operation: 'UPDATE', object: null }) }],
    ['a form', 415, { body: 'a=b', headers: { 'Content-Type': 'application/x-www-form-urlencoded' } }],
    ['text', 415, { body: reviewOf(), headers: { 'Content-Type': 'text/plain' } }],
    ['a compressed review', 415, { body: gzipSync(reviewOf()), headers: { 'Content-Encoding': 'gzip' } }],
    ['more than 8 MiB', 413, { body: Buffer.alloc(9 * 1024 * 1024, 0x20) }],
    ['more objects than fit into the heap', 413, { body: `[${'{},'.repeat(2_500_000)}1]` }],
    ['GET /mutate', 404, {}],
    ['another path', 404, { body: reviewOf(), method: 'POST' }],
  ])('[webhook:malformed] refuses %s with %i', async (what, status, options) => {
    const answer = await ask(webhook, what === 'another path' ? '/Mutate' : '/mutate', options);
    expect(answer.status).toBe(status);
    expect(answer.text).not.toMatch(/ at .*\.ts/);
  });

  it.each([
    ['UTF-8 with a charset', reviewOf(), { 'Content-Type': 'application/json; charset=utf-8' }],
    ['a DELETE', reviewOf({ operation: 'DELETE', object: null }), {}],
    ['a CONNECT', reviewOf({ operation: 'CONNECT', object: {} }), {}],
    ['an unknown kind', reviewOf({ kind: { group: 'example.com', version: 'v1', kind: 'Pod' } }), {}],
    ['a kind that every object has', reviewOf({ kind: { group: '', version: 'v1', kind: 'constructor' } }), {}],
    ['a subresource', reviewOf({ subResource: 'status', operation: 'UPDATE', oldObject: {} }), {}],
    ['generateName without name', reviewOf({ name: undefined, object: { metadata: { generateName: 'x-' }, spec: {} } }), {}],
    ['no metadata', reviewOf({ object: {} }), {}],
    ['1000 levels', holding(deep(1000)), {}],
    ['a key __proto__', holding('{"__proto__":{"allowed":true}}'), {}],
    ['5 MiB of it', holding(JSON.stringify('x'.repeat(5 * 1024 * 1024))), {}],
  ])('allows %s', async (_what, body, headers) => {
    const { status, text } = await ask(webhook, '/mutate', { body, headers });
    expect([status, text]).toEqual([200, expect.stringContaining('"allowed":true')]);
  });

  // What an apiserver has decoded is never of another type; whoever else sends such a thing gets one answer all the same.
  it.each([
    ['metadata that is null', { metadata: null }],
    ['metadata that is a list', { metadata: [annotated] }],
    ['annotations that are a list', { metadata: { annotations: ['a'] } }],
    ['annotations with a number', { metadata: { annotations: { ...annotated, 'mcp-sluice.dev/port': 1 } } }],
    ['no spec', { metadata: { annotations: annotated } }],
    ['containers that are null', { metadata: { annotations: annotated }, spec: { containers: null } }],
    ['containers that are text', { metadata: { annotations: annotated }, spec: { containers: 'many' } }],
    ['owners that are a map', { metadata: { annotations: annotated, ownerReferences: {} }, spec: {} }],
    ['an owner that is null', { metadata: { annotations: annotated, ownerReferences: [null] }, spec: {} }],
  ])('[webhook:one-answer] gives one answer to %s, and never an injected pod', async (_what, object) => {
    const { status, text } = await ask(webhook, '/mutate', { body: reviewOf({ object }) });
    expect([200, 500]).toContain(status);
    expect(text).not.toContain('"patch"');
  });

  it('takes a body without a length to 8 MiB and no further', async () => {
    const status = await new Promise((resolve, reject) => {
      const headers = { 'Content-Type': 'application/json', 'Transfer-Encoding': 'chunked' };
      const sent = request({ port: webhook.port, path: '/mutate', method: 'POST', headers, rejectUnauthorized: false }, (response) => {
        resolve(response.statusCode);
        sent.destroy();
      });
      // Cut off in the midst of sending; the answer came before.
      sent.on('error', (error: NodeJS.ErrnoException) =>
        error.code === 'EPIPE' || error.code === 'ECONNRESET' ? undefined : reject(error),
      );
      const chunk = Buffer.alloc(1024 * 1024, 0x20);
      for (let index = 0; index < 10; index++) sent.write(chunk);
    });
    expect(status).toBe(413);
  });

  it('[webhook:one-answer] gives one answer to 100 000 levels', async () => {
    const { status } = await ask(webhook, '/mutate', { body: holding(deep(100_000)) });
    expect([200, 500]).toContain(status);
    expect((await ask(webhook, '/mutate', { body: reviewOf() })).status).toBe(200);
  });

  it('[webhook:bounded] takes no more once 24 MiB are held, and serves on when they are gone', async () => {
    const headers = { 'Content-Type': 'application/json', 'Content-Length': 8 * 1024 * 1024 };
    const held = [1, 2, 3].map(() => request({ port: webhook.port, path: '/mutate', method: 'POST', headers, rejectUnauthorized: false }));
    for (const each of held) each.on('error', () => undefined).write(Buffer.alloc(8 * 1024 * 1024 - 1, 0x20));
    const mebibyte = holding(JSON.stringify('x'.repeat(1024 * 1024)));
    const statusOf = async () => (await ask(webhook, '/mutate', { body: mebibyte })).status;
    await eventually(statusOf).toBe(503);
    for (const each of held) each.destroy();
    await eventually(statusOf).toBe(200);
  });
});
