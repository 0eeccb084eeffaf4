import { PREFIX } from '../lib/prefix.ts';
import { inherit } from '../settings/inherit.ts';
import { RETUNABLE } from '../settings/retune.ts';
import { type Additions, levelOf, readAdditions } from './record.ts';
import { configHashes, configured, readHashes } from './stamp.ts';

type Annotations = Readonly<Record<string, string>>;

/** What a pod would inherit today. */
export interface Inheritance {
  /** Of its namespace. */
  readonly annotations: Annotations;
  /** The cluster's; undefined where the caller cannot know them. */
  readonly defaults: Annotations | undefined;
}

/**
 * Why an injected pod's configuration is not the one that it would be given today, half a sentence; undefined where it
 * is. What was edited on the running pod and takes effect there (retuned) is no reason: the sidecar has taken it up.
 * Told by the stamp, which whoever can write annotations can write as well: a hash tells of drift, not of malice.
 */
export function driftOf(annotations: Annotations, today: Inheritance | undefined): string | undefined {
  const stamped = readHashes(annotations);
  const now = configHashes(annotations);
  if (stamped === undefined) return 'its stamp has no hash of the configuration that it was injected with';
  if (stamped.fixed !== now.fixed) return 'its annotations are not those that it was injected with, in keys that need a restart';
  if (today === undefined) return undefined;
  const changed = changedInheritance(annotations, stamped.config !== now.config, today);
  return changed.length === 0 ? undefined : `it would inherit another ${changed.join(', ')} today`;
}

function changedInheritance(annotations: Annotations, isRetuned: boolean, { annotations: namespace, defaults }: Inheritance): string[] {
  const inPod = configured(annotations);
  const record = readAdditions(annotations);
  const given = inherit(ownOf(inPod, record), namespace, defaults ?? {}).annotations;
  const keys = new Set([...Object.keys(inPod), ...Object.keys(given)]);
  return [...keys]
    .filter((key) => {
      const value = inPod[key];
      // One that is gone from a retuned pod may have been taken away there.
      if (value === undefined) return !(isRetuned && isRetunable(key));
      const level = levelOf(key, value, record);
      if (level === undefined || given[key] === value) return false;
      return given[key] !== undefined || level === 'namespace' || defaults !== undefined;
    })
    .map((key) => key.slice(PREFIX.length))
    .toSorted();
}

/** Without what was inherited, and without what may be a retuning: neither says what the pod's maker wrote. */
function ownOf(inPod: Annotations, record: Additions): Annotations {
  return Object.fromEntries(Object.entries(inPod).filter(([key, value]) => levelOf(key, value, record) === undefined && !isRetunable(key)));
}

function isRetunable(key: string): boolean {
  return RETUNABLE.includes(key.slice(PREFIX.length));
}
