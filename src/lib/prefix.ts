/** The prefix of every annotation that is ours. */
export const PREFIX = 'mcp-sluice.dev/';
