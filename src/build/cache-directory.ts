import { join } from 'node:path';

/** Where this project keeps what it has fetched or built: `MCP_SLUICE_CACHE`, else in the user's cache. */
export function cacheDirectory(): string {
  const own = process.env['MCP_SLUICE_CACHE'];
  if (own) return own;
  const base = process.env['XDG_CACHE_HOME'] || join(process.env['HOME'] || '/tmp', '.cache');
  return join(base, 'mcp-sluice');
}
