import { kubectl } from '../e2e/kubectl.ts';
import { until } from '../e2e/until.ts';
import type { Burst } from './toll.ts';

/** Of apiserver/pkg/admission/plugin/webhook/mutating: what it logs of a call that failed, before it goes on without. */
const LINE = /failing open inject\.mcp-sluice\.dev: failed calling webhook "inject\.mcp-sluice\.dev": (.+)$/;
/** Either side was too slow: the webhook's own deadline, also for what it asks the apiserver, or the call's. */
const LATE = /an error on the server|context deadline exceeded|Client\.Timeout/;

/** Why calls of our webhook failed since then, in the apiserver's own words. */
async function callFailures(since: Date): Promise<string[]> {
  const log = await kubectl([
    ...['logs', '-n', 'kube-system', '-l', 'component=kube-apiserver', '--tail=-1', `--since-time=${since.toISOString()}`],
  ]);
  return log.split('\n').flatMap((line) => LINE.exec(line)?.[1] ?? []);
}

/**
 * What went wrong in a burst, none of which may: calls that found nobody or no certificate to trust, and pods that came
 * out wrong. A machine that has other things to do may keep a call from being answered in time; its pod was refused by the
 * policies, and is told of, not held against a certificate. Where the machine is idle there is none.
 */
export async function faultsOf(burst: Burst): Promise<unknown[]> {
  const refused = burst.of('refused');
  const causes = await until('the cause of each refusal', async () => {
    const found = await callFailures(burst.began);
    return found.length >= refused.length && found;
  });
  const late = causes.filter((cause) => LATE.test(cause));
  process.stderr.write(`e2e: ${burst.total} creations: ${burst.of('right').length} right, ${late.length} calls answered too late\n`);
  const others = burst.failures().filter(([name]) => !refused.some(([each]) => each === name));
  return [...others, ...causes.filter((cause) => !LATE.test(cause))];
}
