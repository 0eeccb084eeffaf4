import { PREFIX } from '../lib/prefix.ts';
import { declaredInTemplate } from './declared.ts';
import type { Edit } from './edit.ts';
import { INJECT_KEY, PROPAGATED_KEY } from './names.ts';
import { objectAt, type Path, textAt, textsAt } from './raw.ts';
import { configured, shortHash } from './stamp.ts';

const REDIS_KEY = `${PREFIX}redis`;
const REDIS_GROUP = ['redis', 'redis-secret', 'redis-ca', 'on-redis-failure'].map((key) => PREFIX + key);

/**
 * Writes the workload's own annotations into its template where that has no value of its own, and takes away what we
 * wrote and is no longer there. What we wrote is recorded with a hash of the value: one that a user has edited since is
 * the template's own. Returns the keys that were withdrawn.
 */
export function propagate(edit: Edit, template: Path, oldObject: unknown): string[] {
  const annotations = [...template, 'metadata', 'annotations'];
  const record = readPropagated(edit.root) ?? readPropagated(oldObject) ?? {};
  const inTemplate = configured(textsAt(edit.root, ...annotations));
  const declared = declaredInTemplate(edit.root, template);
  const isOurs = (key: string) => !declared.has(key) && key in inTemplate && record[key] === shortHash(inTemplate[key] ?? '');
  const isOwn = (key: string) => key in inTemplate && !isOurs(key);

  const given = chosen(configured(textsAt(edit.root, 'metadata', 'annotations')), inTemplate, isOwn);
  const withdrawn = Object.keys(inTemplate).filter((key) => isOurs(key) && !(key in given));
  for (const key of withdrawn) edit.remove([...annotations, key]);
  for (const [key, value] of Object.entries(given)) edit.set([...annotations, key], value);

  const keys = Object.keys(given).sort();
  const path = ['metadata', 'annotations', PROPAGATED_KEY];
  if (keys.length === 0) edit.remove(path);
  else edit.set(path, JSON.stringify(Object.fromEntries(keys.map((key) => [key.slice(PREFIX.length), shortHash(given[key] ?? '')]))));
  return withdrawn.map((key) => key.slice(PREFIX.length));
}

/** The metadata's annotations that the template is to have. */
function chosen(
  metadata: Readonly<Record<string, string>>,
  inTemplate: Readonly<Record<string, string>>,
  isOwn: (key: string) => boolean,
): Record<string, string> {
  // A template that says no is not to be told how.
  if (isOwn(INJECT_KEY) && inTemplate[INJECT_KEY] === 'false') return {};
  // One server's password is not for another's: a template with its own Redis takes nothing of the metadata's.
  const isOtherRedis = isOwn(REDIS_KEY) && REDIS_KEY in metadata;
  return Object.fromEntries(Object.entries(metadata).filter(([key]) => !isOwn(key) && !(isOtherRedis && REDIS_GROUP.includes(key))));
}

/** Full key → hash of the value; nothing where there is no record or it cannot be read. */
export function readPropagated(object: unknown): Record<string, string> | undefined {
  const text = textAt(object, 'metadata', 'annotations', PROPAGATED_KEY);
  try {
    return text === ''
      ? undefined
      : Object.fromEntries(Object.entries(textsAt(objectAt(JSON.parse(text)))).map(([k, v]) => [PREFIX + k, v]));
  } catch {
    return undefined;
  }
}
