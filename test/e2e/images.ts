/** Every image of the end-to-end tests; what they are made of is in `build-images.ts`. */
export const IMAGES = {
  /** The product, and the same image under the name that it is upgraded to. */
  product: 'mcp-sluice.test/mcp-sluice:first',
  upgraded: 'mcp-sluice.test/mcp-sluice:second',
  /** @modelcontextprotocol/server-everything under Node; also the in-cluster client. */
  everything: 'mcp-sluice.test/server-everything:1',
  /** The server of servers/python_server.py. */
  python: 'mcp-sluice.test/server-python:1',
  redis: 'mcp-sluice.test/redis:7',
} as const;

/** What the images above are built from: by the offline kit, and where a registry answers. */
export const BASES = {
  offline: { cc: 'offline/cc:bookworm', python: 'mcp-sluice.test/python:3.11', redis: 'offline/redis:7' },
  registry: { cc: 'mcp-sluice.test/cc:bookworm', python: 'python:3.11-slim-bookworm', redis: 'redis:7-bookworm' },
} as const;

/** Nodes of the cluster: kind's own choice where a registry answers. */
export const OFFLINE_NODE = 'offline/kind-node:v1.34.4';
export const OFFLINE_ROOT = 'offline/root:bookworm';
/** Asked for, without pulling it, to learn whether a registry answers. */
export const STOCK_NODE = 'kindest/node:v1.34.0';
