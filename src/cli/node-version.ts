/** What all of this is tested on; see package.json. */
const OLDEST_MAJOR = 26;

/**
 * What is wrong with a version of Node, for a bundle that is started by hand:
 * the scripts of package.json and the image bring the right one themselves.
 */
export function nodeFault(version: string): string | undefined {
  const major = Number.parseInt(version, 10);
  if (major >= OLDEST_MAJOR) return undefined;
  return `Node ${OLDEST_MAJOR} or later is needed, and this is ${version}. In a checkout: npm run mcp-sluice -- COMMAND, which uses the one that npm ci brought.`;
}
