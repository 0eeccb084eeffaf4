import { checkOwnRights, checkPolicyApi, checkVersion } from './check/before.ts';
import { checkCertificates } from './check/certificates.ts';
import { readInstalled } from './check/installed.ts';
import { checkAdmission, checkPods, checkRedis, checkReplicas } from './check/live.ts';
import { checkOrder } from './check/order.ts';
import { type Cluster, type ConnectToCheck, type Outcome, REGISTRATION, SYSTEM, unknown } from './check/outcome.ts';
import { checkPolicies, checkWebhook } from './check/registration.ts';
import { checkRights } from './check/rights.ts';
import { checkVersions } from './check/versions.ts';
import { EXIT } from './exit-codes.ts';
import { type ClusterFlags, parseClusterFlags } from './flags.ts';
import { type Io, processIo } from './io.ts';
import { runCommand } from './run-command.ts';
import { CHECK_USAGE } from './usage.ts';

const STATES = { ok: 'ok     ', warning: 'warning', failed: 'FAILED ', unknown: 'unknown' } as const;

const nowhere: ConnectToCheck = () => Promise.reject(new Error('no Kubernetes cluster'));

/** `mcp-sluice check`: whether a cluster can have us, or whether we work there; 1 where a check failed. */
export async function runCheck(argv: readonly string[], io: Io = processIo, connect: ConnectToCheck = nowhere): Promise<number> {
  const parsed = parseClusterFlags(argv);
  const flags =
    typeof parsed === 'object' && 'names' in parsed && parsed.names.length > 0
      ? { error: `"${parsed.names[0]}" is not an option` }
      : parsed;
  return await runCommand({ name: 'check', usage: CHECK_USAGE, flags, act: (given) => check(given, io, connect) }, io);
}

async function check(flags: ClusterFlags, io: Io, connect: ConnectToCheck): Promise<number> {
  let found: Checked;
  try {
    const { api, namespace } = await connect(flags.context);
    found = await checkAll(api, flags.namespace ?? namespace, io.nowMs?.() ?? Date.now());
  } catch (error) {
    // A TypeError is a bug of ours, and no word of the cluster's.
    if (!(error instanceof Error) || error instanceof TypeError) throw error;
    io.err(`mcp-sluice check: ${error.message}\n`);
    return EXIT.unavailable;
  }
  const count = (state: Outcome['state']) => found.checks.filter((each) => each.state === state).length;
  const summary = {
    isInstalled: found.isInstalled,
    ok: count('ok'),
    warnings: count('warning'),
    failed: count('failed'),
    unknown: count('unknown'),
  };
  if (flags.output === 'json') io.out(`${JSON.stringify({ checks: found.checks, summary }, null, 2)}\n`);
  else {
    if (found.isInstalled === false) io.out('mcp-sluice is not installed here; could it be?\n');
    for (const { state, check: name, message, remedy } of found.checks) {
      io.out(`${STATES[state]}  ${name}: ${message}\n${remedy === undefined ? '' : `         → ${remedy}\n`}`);
    }
  }
  return summary.failed > 0 || (flags.isStrict && summary.warnings > 0) ? EXIT.found : EXIT.ok;
}

interface Checked {
  /** `unknown`: that may not be read. */
  readonly isInstalled: boolean | 'unknown';
  readonly checks: readonly Outcome[];
}

/** All checks, in an order in which the first that fails explains those after it. @throws where the cluster cannot be asked. */
export async function checkAll(api: Cluster, namespace: string, nowMs: number): Promise<Checked> {
  const before = [await checkVersion(api), await checkPolicyApi(api)];
  const isInstalled = await isThere(api);
  if (isInstalled === 'unknown') {
    const told = unknown(
      'installation',
      `you may not read whether mcp-sluice is installed: it takes get on its configurations, or on Deployments in ${SYSTEM}`,
    );
    return { isInstalled, checks: [...before.flat(), told] };
  }
  if (!isInstalled) return { isInstalled, checks: [...before, await checkOwnRights(api)].flat() };
  const seen = await readInstalled(api);
  const looks: readonly (() => Promise<readonly Outcome[]> | readonly Outcome[])[] = [
    () => checkVersions(api, seen),
    () => checkWebhook(api, seen),
    () => checkCertificates(api, seen, nowMs),
    () => checkPolicies(api, seen),
    () => checkRights(api, seen),
    () => checkReplicas(seen),
    () => checkAdmission(api, namespace),
    () => checkOrder(api),
    () => checkPods(api, seen, nowMs),
    () => checkRedis(api),
  ];
  const after: (readonly Outcome[])[] = [];
  // One after the other: an apiserver with troubles is not helped by a crowd.
  for (const look of looks) after.push(await look());
  return { isInstalled, checks: [...before, ...after].flat() };
}

/** Any part of it: half an installation is one that does not work. */
async function isThere(api: Cluster): Promise<boolean | 'unknown'> {
  const paths = [
    `${REGISTRATION}/mutatingwebhookconfigurations/mcp-sluice`,
    `${REGISTRATION}/validatingadmissionpolicies/mcp-sluice-pods`,
    `/apis/apps/v1/namespaces/${SYSTEM}/deployments/mcp-sluice-webhook`,
  ];
  let isForbidden = false;
  for (const path of paths) {
    const { status } = await api.ask('GET', path);
    if (status === 200) return true;
    isForbidden ||= status === 403 || status === 401;
  }
  return isForbidden ? 'unknown' : false;
}
