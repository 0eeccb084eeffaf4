function entriesOf(value: unknown): [string, unknown][] {
  return typeof value === 'object' && value !== null ? Object.entries(value) : [];
}

/**
 * Where `perClient` stands first in a rate limit as the user wrote it, sound or
 * not, so that a missing identity is told together with other faults.
 */
export function findPerClient(written: unknown): (string | number)[] | undefined {
  const top = new Map(entriesOf(written));
  const places: [(string | number)[], unknown][] = [[[], written]];
  for (const group of ['tools', 'methods']) {
    const held = top.get(group);
    for (const [step, limits] of entriesOf(held)) places.push([[group, Array.isArray(held) ? Number(step) : step], limits]);
  }
  for (const [path, limits] of places) {
    const scope = entriesOf(limits).find(([field]) => field === 'perClient' || field === 'perUser');
    if (scope !== undefined) return [...path, scope[0]];
  }
  return undefined;
}
