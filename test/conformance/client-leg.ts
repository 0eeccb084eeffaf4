import { join } from 'node:path';
import type { Checks } from './checks.ts';
import type { Revision, Suite } from './install-suite.ts';
import { type Leg, runSuite } from './legs.ts';

/**
 * The client's direction: the suite is the server. Without its authorization
 * scenarios: metadata names the server's own origin, at which the sidecar is not
 * (RFC 9728 §3.3), so that there a client must refuse it.
 */
export function clientLeg(options: { suite: Suite; work: string; dist: string; revision: Revision; client: string }): Leg {
  const { suite, work, dist, revision, client } = options;
  const all = suite.scenarios(revision, 'client').filter((scenario) => !scenario.startsWith('auth/'));
  const wrapper = join(import.meta.dirname, 'client-through.ts');
  const commands = { direct: client, proxied: [process.execPath, wrapper, dist, client].join(' ') };
  return {
    name: `client of the Go SDK, ${revision}`,
    mustConform: true,
    run: async (way, scenario) => {
      const checks = new Map<string, { scenario: string; status: string; says: string }>();
      let isGood = true;
      let output = '';
      for (const each of scenario === undefined ? all : [scenario]) {
        const args = ['client', '--command', commands[way], '--scenario', each, '--spec-version', revision];
        const ran: { checks: Checks; isGood: boolean; output: string } = await runSuite(suite, work, args);
        for (const [name, check] of ran.checks) checks.set(name, check);
        isGood &&= ran.isGood;
        if (!ran.isGood) output += ran.output;
      }
      return { checks, isGood, output };
    },
  };
}
