import type { fragileClients } from '../../src/policy/clients.ts';

/** A real server that a client is tried against. */
export type ServerName = 'reference server' | 'modern server';

export interface TestedClient {
  /** Its folder here. */
  readonly name: string;
  readonly kind: 'node' | 'python' | 'go';
  /** The modern one only where the client speaks that era. */
  readonly servers: readonly ServerName[];
  /** Its row in the table of src/policy/clients.ts. */
  readonly row?: keyof typeof fragileClients;
  /** The folder whose program it is started by, where not its own. */
  readonly program?: string;
  /** Each call is a process and a session of its own. */
  readonly isOneShot?: true;
  /** How many sessions a start opens, where not one. */
  readonly sessions?: number;
}

const both: readonly ServerName[] = ['reference server', 'modern server'];

/** Every client that refusals are proved with. Versions are pinned in its folder. */
export const testedClients: readonly TestedClient[] = [
  { name: 'typescript-1', kind: 'node', servers: ['reference server'], row: 'typescript-sdk-1' },
  { name: 'typescript-2', kind: 'node', servers: both },
  { name: 'python-1', kind: 'python', servers: ['reference server'], row: 'python-mcp-1' },
  { name: 'python-2', kind: 'python', servers: both },
  { name: 'go', kind: 'go', servers: both, row: 'go-sdk' },
  { name: 'inspector', kind: 'node', servers: ['reference server'], isOneShot: true },
  // The first session only tries the server, and is left to itself.
  { name: 'mcp-remote', kind: 'node', servers: both, sessions: 2 },
  { name: 'mcp-remote-0.1', kind: 'node', servers: ['reference server'], row: 'mcp-remote-0.1', program: 'mcp-remote', sessions: 2 },
];
