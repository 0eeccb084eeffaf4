import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { findFragile, fragileClients } from '../../../src/policy/clients.ts';

const byAgent = (userAgent: string) => findFragile({ userAgent, clientInfo: undefined }).map(({ product }) => product);
const byName = (name: string) => findFragile({ userAgent: 'undici', clientInfo: { name } }).map(({ product }) => product);

describe('the table of fragile clients', () => {
  it.each([
    ['python-httpx/0.28.1', 'mcp (Python SDK)'],
    ['python-httpx/0.13.0.dev0', 'mcp (Python SDK)'],
    ['Go-http-client/1.1', 'github.com/modelcontextprotocol/go-sdk'],
    ['Go-http-client/2.0', 'github.com/modelcontextprotocol/go-sdk'],
    ['Visual Studio Code/1.107.0', 'Visual Studio Code'],
    ['Visual Studio Code - Insiders/1.108.0-insider', 'Visual Studio Code'],
    ['node', '@modelcontextprotocol/sdk (TypeScript)'],
  ])('[rejection:auto] knows %s', (userAgent, product) => {
    expect(byAgent(userAgent)).toEqual([product]);
  });

  it.each(['python-httpx2/2.16.2', 'undici', 'curl/8.5.0', 'node-fetch', 'x python-httpx/0.28.1', 'PYTHON-HTTPX/1', ''])(
    '[rejection:auto] does not take %s for one of them',
    (userAgent) => {
      expect(byAgent(userAgent)).toEqual([]);
    },
  );

  it.each([
    ['cursor (via mcp-remote 0.1.38)', true],
    ['a (via mcp-remote 0.0.22)', true],
    ['a (via mcp-remote 0.1.9-beta.1)', true],
    ['a (via mcp-remote 0.1.39)', false],
    ['a (via mcp-remote 0.10.0)', false],
    ['a (via mcp-remote 1.0.0)', false],
    ['a (via mcp-remote 0.1.38) b', false],
    ['a (via mcp-remote 0.1)', false],
    ['mcp-remote 0.1.38', false],
  ])('[rejection:auto] tells versions: %s', (name, isKnown) => {
    expect(byName(name)).toEqual(isKnown ? ['mcp-remote'] : []);
  });

  it('names its evidence', () => {
    for (const row of Object.values(fragileClients)) expect(row.evidence).toMatch(/^(?:Measured|Read)/);
  });
});

describe('what clients say', () => {
  it('[rejection:words] is no more than looked at: any text is borne, one too long is of nobody', () => {
    fc.assert(
      fc.property(fc.string(), (words) => {
        expect(Array.isArray(findFragile({ userAgent: words, clientInfo: { name: words } }))).toBe(true);
      }),
    );
    expect(byAgent(`python-httpx/${'1'.repeat(300)}`)).toEqual([]);
    expect(byName(`${'(via mcp-remote '.repeat(20)}0.1.1)`)).toEqual([]);
  });
});
