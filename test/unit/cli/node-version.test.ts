import { expect, it } from 'vitest';
import { nodeFault } from '../../../src/cli/node-version.ts';

it('[tooling:node] a bundle started by an older Node says so, and how to get the right one', () => {
  expect(nodeFault('20.20.2')).toMatch(/^Node 26 or later is needed, and this is 20\.20\.2\. .*npm run mcp-sluice/);
  expect(nodeFault('9.0.0')).toBeDefined();
  expect([nodeFault('26.10.0'), nodeFault('100.0.0')]).toEqual([undefined, undefined]);
});
