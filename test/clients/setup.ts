import type { TestProject } from 'vitest/node';
import { testedClients } from './catalog.ts';
import type { Command } from './client-program.ts';
import { installClient } from './install.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    /** How each client is started, by its name. */
    readonly clients: Readonly<Record<string, Command>>;
  }
}

const AT_ONCE = 2;

/** Installs every client once for all files. */
export async function setup(project: TestProject): Promise<void> {
  const commands: Record<string, Command> = {};
  const waiting = [...testedClients];
  const install = async (): Promise<void> => {
    for (let client = waiting.shift(); client !== undefined; client = waiting.shift()) commands[client.name] = await installClient(client);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, install));
  project.provide('clients', commands);
}
