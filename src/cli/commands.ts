/** What the program can do, in the order in which `--help` says it. */
export const commands = {
  webhook: 'answer admission reviews: check annotations and inject the sidecar',
  sidecar: 'meter the MCP server of a pod, or any that --upstream names',
  capture: 'send the traffic of the MCP port to the sidecar (init container, needs NET_ADMIN)',
  drain: 'tell the sidecar of this pod to drain (preStop hook)',
  inject: 'print manifests as the webhook would admit them',
  uninject: 'print manifests as they were before they were injected',
  lint: 'check the annotations of manifests, all errors at once',
  policy: 'print the NetworkPolicy that leaves an app no way but to its remote entries',
  explain: 'tell what becomes of pods and workloads, and why',
  check: 'see whether a cluster can have mcp-sluice, or whether it works there',
  uninstall: 'remove mcp-sluice from a cluster, in the order that leaves nothing behind',
  demo: 'show all of it on this machine, without a cluster (from a checkout)',
} as const;

/** Usages of the commands that the injected pod runs; the others tell theirs themselves. */
const usages: Readonly<Partial<Record<string, string>>> = {
  sidecar: `Usage: mcp-sluice sidecar --listen HOST:PORT --upstream URL --annotations FILE [OPTION…]

  --listen HOST:PORT       where clients come in; may be given more than once
  --upstream URL           the MCP server: http://HOST:PORT
  --annotations FILE       YAML of mcp-sluice.dev/… annotations, or as the downward
                           API writes them; read again when it changes
  --admin HOST:PORT        /healthz, /readyz, /metrics
  --owner NS/KIND/NAME     the name under which buckets and sessions are kept
  --pod-name NAME          this replica among those of its owner, the same after a restart
  --redis-secret-dir DIR   files 'username' and 'password'
  --redis-ca-file FILE     PEM that a rediss:// server is verified against
  --identity-ca-file FILE  PEM that the issuer of tokens is verified against
  --entries HOST:PORT      where the app reaches its remote entries, at loopback; needs
                           neither --listen nor --upstream
  --ca-bundles-dir DIR     bundles that entries name by ConfigMap: ENTRY/KEY
  --entry-headers-dir DIR  Secrets of their headers: ENTRY/SECRET/KEY
  --state-dir DIR          keeps the last good configuration and the drain socket
  --max-body BYTES         8 MiB unless said otherwise
  --grace-seconds N        how long a drain may take: 30

In a pod, where the webhook writes the command line:
  --in-pod --capture takeover|redirect --port PORT… --pod-ips IP,… instead of the first two;
  without --capture and --port in a pod that has remote entries only;
  --app-probe JSON for each handler of a probe or hook that the app is to be asked in a kubelet's place,
  behind the port that it is about where there are several
`,
  capture: `Usage: mcp-sluice capture --port PORT --to PORT [--port PORT --to PORT …]

Sends inbound TCP for the first port of each pair to the second, IPv4 and IPv6, in this network
namespace; needs nft and NET_ADMIN.
`,
  drain: `Usage: mcp-sluice drain --socket PATH | --state-dir DIR

Tells the sidecar that has the socket to drain: not ready, serving on what is in flight.
`,
};

/** What `mcp-sluice COMMAND --help` prints, where the command leaves that to us. */
export function usageOf(name: CommandName): string | undefined {
  return usages[name];
}

export type CommandName = keyof typeof commands;

export function isCommand(name: string): name is CommandName {
  return Object.hasOwn(commands, name);
}

/** The text of `mcp-sluice --help`. */
export function renderHelp(): string {
  const lines = Object.entries(commands).map(([name, summary]) => `  ${name.padEnd(11)}${summary}`);
  return `Usage: mcp-sluice COMMAND [OPTION…]

Rate limits for MCP servers on Kubernetes, by annotation.

Commands:
${lines.join('\n')}

  --version  print the version
  --help     print this; 'mcp-sluice COMMAND --help' tells a command's options
`;
}
