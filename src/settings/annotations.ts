import type * as z from 'zod';
import type { Issue } from '../lib/issue.ts';
import { PREFIX } from '../lib/prefix.ts';
import { quote } from '../lib/quote.ts';
import { didYouMean } from '../lib/suggest.ts';
import { checkTogether, type Given } from './check-together.ts';
import { ownAnnotations } from './own-annotations.ts';
import { readValue } from './read-value.ts';
import { DEFAULT_RESOURCES } from './resources.ts';
import { warnOfRetirement } from './retirement.ts';
import { sessionSettings } from './sessions.ts';
import type { RedisSettings, Settings } from './settings.ts';
import { KEYS, type Key, MACHINE_KEYS, type Row, table, type Values } from './table.ts';
import type { Placed } from './yaml-value.ts';

export interface ParsedSettings {
  /** Only where there are no issues. */
  readonly settings?: Settings;
  readonly issues: readonly Issue[];
  readonly warnings: readonly Issue[];
}

const isKey = (key: string): key is Key => (KEYS as readonly string[]).includes(key);

function readAll(annotations: Readonly<Record<string, string>>): Given & { readonly issues: Issue[] } {
  const values: Record<string, unknown> = {};
  const issues: Issue[] = [];
  const given = new Set<Key>();
  const placed = new Map<Key, Placed>();
  for (const [name, text] of Object.entries(ownAnnotations(annotations))) {
    const key = name.slice(PREFIX.length);
    if (MACHINE_KEYS.includes(key)) continue;
    if (!isKey(key)) {
      issues.push({ code: 'UNKNOWN_KEY', path: [key], message: `no annotation of ours; ${didYouMean(key, KEYS)}` });
      continue;
    }
    given.add(key);
    if (typeof text !== 'string') {
      issues.push({ code: 'WRONG_TYPE', path: [key], message: `${quote(text)} has to be text, as every annotation; quote it` });
      continue;
    }
    const { form, schema, missing } = table[key] as Row<z.ZodType>;
    const read = readValue(key, form, schema, text);
    issues.push(...read.issues);
    if (read.value !== undefined) values[key] = read.value;
    if (read.placed !== undefined) placed.set(key, read.placed);
    const absent = missing?.(form === 'yaml' ? read.placed?.value : text);
    if (absent !== undefined) {
      issues.push({ code: 'NOT_AVAILABLE', path: [key], message: `${quote(absent)} is not available in this version; take it away` });
    }
  }
  return { values: values as Values, given, placed, issues };
}

function settingsOf(values: Values): Settings {
  const [port, ...furtherPorts] = values.port ?? [];
  const { 'rate-limit': rateLimit, redis: url, 'redis-secret': secret, 'redis-ca': ca, identity } = values;
  const onFailure = values['on-redis-failure'] ?? 'open';
  const redis: RedisSettings | undefined =
    url === undefined ? undefined : { url, ...(secret === undefined ? {} : { secret }), ...(ca === undefined ? {} : { ca }), onFailure };
  return {
    inject: values.inject === 'true',
    ...(port === undefined ? {} : { port }),
    ...(furtherPorts.length === 0 ? {} : { furtherPorts }),
    capture: values.capture ?? 'auto',
    paths: values.paths ?? [],
    ...(rateLimit === undefined ? {} : { rateLimit }),
    ...(redis === undefined ? {} : { redis }),
    sessions: sessionSettings(values.sessions),
    ...(identity?.header === undefined ? {} : { identity: { header: identity.header } }),
    ...(identity?.jwt === undefined ? {} : { identity: { jwt: identity.jwt } }),
    rejection: values.rejection ?? 'auto',
    mode: values.mode ?? 'enforce',
    sidecarResources: values['sidecar-resources'] ?? DEFAULT_RESOURCES,
    logLevel: values['log-level'] ?? 'info',
    bindEnv: values['bind-env'] ?? [],
    remoteEntries: values['remote-entries'] ?? [],
  };
}

/** An answer of the webhook is read by a person, and bounded by the apiserver. */
const MOST_ISSUES = 100;

function withinBounds(issues: readonly Issue[]): readonly Issue[] {
  const rest = issues.length - MOST_ISSUES;
  return rest <= 0 ? issues : [...issues.slice(0, MOST_ISSUES), { code: 'MORE_ISSUES', path: [], message: `and ${rest} more faults` }];
}

/**
 * Settings from all annotations of an object; those that are not ours are left
 * alone. Every issue is told at once, in the order of the annotations.
 */
export function parseSettings(annotations: Readonly<Record<string, string>>): ParsedSettings {
  const read = readAll(annotations);
  const together = checkTogether(read);
  const warnings = [...together.warnings, ...warnOfRetirement(read.given, table)];
  const issues = withinBounds([...read.issues, ...together.issues]);
  if (issues.length > 0) return { issues, warnings };
  return { settings: settingsOf(read.values), issues, warnings };
}
