import { join } from 'node:path';
import { type Ran, type RunOptions, tryRun } from './run.ts';

/** From the bundle that setup built, as it is published. */
export const PROGRAM = join(import.meta.dirname, '../../dist/mcp-sluice.cjs');

/** The program against the cluster of `KUBECONFIG`. */
export function mcpSluice(args: readonly string[], options?: RunOptions): Promise<Ran> {
  return tryRun(process.execPath, [PROGRAM, ...args], options);
}

/** One line of `mcp-sluice check --output json`. */
export interface Check {
  readonly check: string;
  readonly state: 'ok' | 'warning' | 'failed' | 'unknown';
  readonly message: string;
}

export async function checkCluster(): Promise<{ readonly code: number; readonly checks: readonly Check[] }> {
  const { code, stdout, stderr } = await mcpSluice(['check', '--output', 'json']);
  if (stdout === '') throw new Error(`mcp-sluice check ended with ${code} and said nothing: ${stderr}`);
  return { code, checks: (JSON.parse(stdout) as { checks: Check[] }).checks };
}
