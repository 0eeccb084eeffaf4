/**
 * Whether expectations are to be written anew, as `UPDATE_GOLDENS=1` asks for: a person reads the difference then.
 *
 * @throws in CI, where nobody does: whatever came out would be what was expected.
 */
export function isUpdatingGoldens(env: Readonly<Record<string, string | undefined>> = process.env): boolean {
  if (env['UPDATE_GOLDENS'] !== '1') return false;
  if ((env['CI'] ?? '') !== '') throw new Error('UPDATE_GOLDENS=1 in CI: expectations that write themselves prove nothing');
  return true;
}
