/** Probes and metrics: none of the ports that Istio (15000 to 15090) or Linkerd (4140 to 4191) may hold in the same pod. */
export const ADMIN_PORT = 15179;
/** How many ports of one pod may be MCP servers. */
export const MOST_SERVERS = 8;

const REDIRECT_PORT = 15001;
/**
 * Where redirected connections arrive, one port for each captured one, in their order; redirection is denied beside a
 * mesh, which may hold these. No more of them are ours than are used.
 */
export function redirectPorts(servers: number): readonly number[] {
  return Array.from({ length: servers }, (_, index) => REDIRECT_PORT + index);
}

/** Where the app reaches its remote entries, on loopback only. */
export const ENTRIES_PORT = 15010;
