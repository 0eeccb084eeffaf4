import type { Issue } from '../lib/issue.ts';
import { PREFIX } from '../lib/prefix.ts';
import { quote } from '../lib/quote.ts';
import { parseQuantity } from '../lib/units.ts';
import { checkEntryScopes, checkUncaptured, clearHeaders, limitedEntries } from './check-entries.ts';
import { findPerClient } from './find-per-client.ts';
import { doubtSessions } from './sessions.ts';
import type { Key, Values } from './table.ts';
import { type Placed, positionAt } from './yaml-value.ts';

export interface Given {
  /** The sound ones. */
  readonly values: Values;
  /** All that are there, sound or not: what is wrong by itself is not blamed on others too. */
  readonly given: ReadonlySet<Key>;
  /** Readable YAML values as they were written. */
  readonly placed: ReadonlyMap<Key, Placed>;
}

const LEAST_MEMORY_BYTES = 96 * 2 ** 20;
const redisBelongings = ['redis-secret', 'redis-ca', 'on-redis-failure'] as const;

function checkRedis(read: Given, issues: Issue[]): void {
  const { values, given } = read;
  if (!given.has('redis')) {
    const limited = [...(given.has('rate-limit') ? [{ path: ['rate-limit'] }] : []), ...limitedEntries(read)];
    for (const place of limited) {
      issues.push({
        code: 'LIMIT_WITHOUT_REDIS',
        ...place,
        message:
          'a limit needs Redis, which is where all replicas count together, and none is set. ' +
          `For this pod: annotate it (or its template) with ${PREFIX}redis: redis://HOST:6379. ` +
          `For this namespace: kubectl annotate namespace NAMESPACE ${PREFIX}redis=redis://HOST:6379. ` +
          'For the cluster: start the webhook with --default-redis=redis://HOST:6379',
      });
    }
    for (const key of redisBelongings.filter((candidate) => given.has(candidate))) {
      issues.push({
        code: 'REDIS_MISSING',
        path: [key],
        message: `has no effect without redis; set ${PREFIX}redis beside it, or take it away`,
      });
    }
  }
  if (values['redis-ca'] !== undefined && values.redis?.startsWith('redis://')) {
    issues.push({
      code: 'CA_WITHOUT_TLS',
      path: ['redis-ca'],
      message: `${quote(values.redis)} is no TLS connection, so that no CA is asked; write rediss://, or take redis-ca away`,
    });
  }
}

/** The rules between keys. */
export function checkTogether(read: Given): { readonly issues: readonly Issue[]; readonly warnings: readonly Issue[] } {
  const { values, given } = read;
  const issues: Issue[] = [];
  const warnings: Issue[] = [];
  checkRedis(read, issues);
  const limits = read.placed.get('rate-limit');
  const perClient = findPerClient(limits?.value);
  if (limits !== undefined && perClient !== undefined && !given.has('identity')) {
    issues.push({
      code: 'PER_CLIENT_WITHOUT_IDENTITY',
      path: ['rate-limit', ...perClient],
      message: `perClient needs to know who calls; set ${PREFIX}identity, such as {header: {name: X-Forwarded-User, from: [10.0.0.0/8]}}`,
      ...positionAt(limits, perClient, 'key'),
    });
  }
  const sessions = read.placed.get('sessions');
  for (const { code, field, message } of doubtSessions(values.sessions ?? {}, { hasIdentity: given.has('identity') })) {
    const at = sessions === undefined ? {} : positionAt(sessions, [field], 'value');
    warnings.push({ code, path: ['sessions', field], message, ...at });
  }
  issues.push(...checkEntryScopes(read), ...checkUncaptured(read));
  warnings.push(...clearHeaders(read));
  const memory = values['sidecar-resources']?.limits['memory'] ?? '';
  if ((parseQuantity(memory) ?? Number.POSITIVE_INFINITY) < LEAST_MEMORY_BYTES) {
    warnings.push({
      code: 'LOW_MEMORY',
      path: ['sidecar-resources', 'limits', 'memory'],
      message: `${quote(memory)} is little: the sidecar itself takes up to 80 MB, and more while it holds bodies; give at least 96Mi`,
    });
  }
  const header = values.identity?.header;
  if (header !== undefined) {
    warnings.push({
      code: 'HEADER_IDENTITY',
      path: ['identity', 'header'],
      message: `whoever reaches the sidecar directly from ${header.from.join(', ')} can set ${quote(header.name)} and call under any name; let only your gateway in`,
    });
  }
  if (given.size > 0 && !given.has('inject')) {
    const others = [...given].map((key) => PREFIX + key).join(', ');
    warnings.push({
      code: 'CONFIG_WITHOUT_INJECT',
      path: ['inject'],
      message: `not set, so that nothing is injected and ${others} has no effect; set ${PREFIX}inject: "true"`,
    });
  }
  return { issues, warnings };
}
