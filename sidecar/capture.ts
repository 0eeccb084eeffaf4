import { spawn } from 'node:child_process';
import { isPort } from '../src/lib/address.ts';
import { readArguments } from '../src/lib/arguments.ts';

/** Each is sent to its own. */
export interface CaptureOptions {
  readonly ports: readonly { readonly port: number; readonly to: number }[];
}

/**
 * The whole of our table, made anew in one transaction: `add` so that `delete`
 * finds it, `delete` so that a second run leaves one rule and not two. The `inet`
 * family covers IPv4 and IPv6 at once. Loopback is left out: what runs in the pod
 * is the app's own business, and the sidecar's way to the app is loopback.
 */
export function renderRules({ ports }: CaptureOptions): string {
  const rules = ports.map(({ port, to }) => `    iifname != "lo" tcp dport ${port} redirect to :${to}\n`);
  return `add table inet mcp_sluice
delete table inet mcp_sluice
table inet mcp_sluice {
  chain prerouting {
    type nat hook prerouting priority dstnat; policy accept;
${rules.join('')}  }
}
`;
}

export function parseCapture(argv: readonly string[]): CaptureOptions | readonly string[] {
  const spec = { type: 'string', multiple: true } as const;
  const { values, errors: syntaxErrors } = readArguments(argv, { port: spec, to: spec });
  const errors = [...syntaxErrors];
  const all = (name: string): number[] => {
    const texts = values.get(name) ?? [];
    if (texts.length === 0 && syntaxErrors.length === 0) errors.push(`--${name} must be a port, and is missing`);
    for (const text of texts.filter((each) => !isPort(each))) errors.push(`--${name} must be a port, and is "${text}"`);
    return texts.filter(isPort).map(Number);
  };
  const [from, to] = [all('port'), all('to')];
  const ports = from.map((port, index) => ({ port, to: to[index] ?? 0 }));
  if (errors.length > 0) return errors;
  if (from.length !== to.length) errors.push('each --port needs a --to of its own, in the same order');
  // A rule that sends to another's port would chain them, and two that send to one would mix them.
  else if (new Set([...from, ...to]).size !== from.length + to.length)
    errors.push(from.length > 1 ? 'each --port and --to must differ from all others' : '--port and --to must differ');
  return errors.length > 0 ? errors : { ports };
}

/** Why `nft` failed, and what to do about it. */
export function explainFailure(failure: { readonly code?: string | number | undefined; readonly output: string }): string {
  if (failure.code === 'ENOENT')
    return 'nft is not in this image: use the image that mcp-sluice ships, or capture: takeover, which needs no nft.';
  if (/not permitted|permission denied/i.test(failure.output)) {
    return 'nft may not change the network of this pod: the container needs root and the capability NET_ADMIN. Where the namespace forbids that, use capture: takeover, which needs no privilege.';
  }
  if (/not supported|no such file or directory|could not process rule/i.test(failure.output)) {
    return `this kernel does not offer NAT for nftables' inet family (5.2 or later, modules nf_tables and nft_redir are needed). Use capture: takeover, which needs none. nft says: ${failure.output.trim()}`;
  }
  return `nft failed (${failure.code}): ${failure.output.trim()}`;
}

/** `capture --port=P --to=15001 [--port=Q --to=15002 …]`: sends the pod's inbound TCP for each port to another. Exits 1 where it cannot. */
export async function runCapture(argv: readonly string[]): Promise<void> {
  const options = parseCapture(argv);
  if (!('ports' in options)) {
    process.stderr.write(`mcp-sluice capture: ${options.join('\nmcp-sluice capture: ')}\n`);
    process.exitCode = 64;
    return;
  }
  const failure = await runNft(renderRules(options));
  if (failure === undefined) {
    for (const { port, to } of options.ports)
      process.stdout.write(`mcp-sluice capture: TCP for port ${port} goes to ${to}, IPv4 and IPv6.\n`);
    return;
  }
  process.stderr.write(`mcp-sluice capture: ${explainFailure(failure)}\n`);
  process.exitCode = 1;
}

function runNft(rules: string): Promise<{ code?: string | number | undefined; output: string } | undefined> {
  return new Promise((resolve) => {
    const nft = spawn('nft', ['-f', '-'], { stdio: ['pipe', 'pipe', 'pipe'] });
    let output = '';
    const collect = (chunk: Buffer): void => {
      output += chunk.toString();
    };
    nft.stdout.on('data', collect);
    nft.stderr.on('data', collect);
    nft.stdin.on('error', () => {});
    nft.once('error', (error: NodeJS.ErrnoException) => resolve({ code: error.code, output: error.message }));
    nft.once('close', (code) => resolve(code === 0 ? undefined : { code: code ?? undefined, output }));
    nft.stdin.end(rules);
  });
}
