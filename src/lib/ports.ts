/** Probes and metrics: none of the ports that Istio (15000 to 15090) or Linkerd (4140 to 4191) may hold in the same pod. */
export const ADMIN_PORT = 15179;
/** Where redirected connections arrive; redirection is denied beside a mesh, which may hold this one. */
export const REDIRECT_PORT = 15001;
/** Where the app reaches its remote entries, on loopback only. */
export const ENTRIES_PORT = 15010;
