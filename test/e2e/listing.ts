import { kubectl } from './kubectl.ts';

/** What comes and goes by itself: what was told, and the address of each Service. */
const PASSING = ['events', 'events.events.k8s.io', 'componentstatuses', 'ipaddresses.networking.k8s.io'];
const COLUMNS = 'KIND:.kind,NAMESPACE:.metadata.namespace,MADE:.metadata.generateName,NAME:.metadata.name';

/**
 * `kubectl get … -A` of every kind that can be listed, a line for each object. One whose name the apiserver made up, as
 * those of pods, is named without that part: another may be in its place.
 */
export async function listEverything(): Promise<string[]> {
  const kinds = (await kubectl(['api-resources', '--verbs=list', '-o', 'name'])).split('\n').filter((kind) => kind !== '');
  const wanted = kinds.filter((kind) => !PASSING.includes(kind)).join(',');
  const listed = await kubectl(['get', wanted, '-A', '--no-headers', '-o', `custom-columns=${COLUMNS}`]);
  const lines = listed.split('\n').filter((line) => line !== '');
  return lines.map((line) => {
    const [kind, namespace, made = '', name] = line.split(/\s+/);
    return `${kind} ${namespace === '<none>' ? '' : `${namespace}/`}${made === '<none>' ? name : `${made}…`}`;
  });
}
