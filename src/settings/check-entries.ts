import type { Issue } from '../lib/issue.ts';
import { quote } from '../lib/quote.ts';
import type { Given } from './check-together.ts';
import { findPerClient } from './find-per-client.ts';
import type { Key } from './table.ts';
import { positionAt } from './yaml-value.ts';

const KEY = 'remote-entries';

/** The entries as the user wrote them, sound or not, so that no fault of one part hides that of another. */
function writtenEntries({ placed }: Given): readonly Readonly<Record<string, unknown>>[] {
  const written = placed.get(KEY)?.value;
  return Array.isArray(written) ? written.map((entry) => (typeof entry === 'object' && entry !== null ? entry : {})) : [];
}

/** Keys that are about an MCP server in the pod, and nothing else: sessions, for one, are counted for entries too. */
export const SERVER_KEYS: readonly Key[] = ['port', 'paths', 'rate-limit', 'bind-env'];

/** `capture: none` is for a pod without an MCP server: what is said about one would be without effect. */
export function checkUncaptured({ values, given }: Given): Issue[] {
  if (values.capture !== 'none') return [];
  const message = 'is about an MCP server in this pod, of which capture: none says that there is none; take one of the two away';
  const contradicting = SERVER_KEYS.filter((key) => given.has(key)).map((key) => ({ code: 'SERVER_NOT_CAPTURED', path: [key], message }));
  if (given.has(KEY)) return contradicting;
  const idle = 'leaves the sidecar without anything to do; write remote-entries beside it, or take it away';
  return [...contradicting, { code: 'NOTHING_TO_DO', path: ['capture'], message: idle }];
}

/** Where entries have a limit of their own, which needs Redis as any other. */
export function limitedEntries(read: Given): Pick<Issue, 'path' | 'line' | 'column'>[] {
  const placed = read.placed.get(KEY);
  return writtenEntries(read).flatMap((entry, index) => {
    if (placed === undefined || !Object.hasOwn(entry, 'rateLimit')) return [];
    return [{ path: [KEY, index, 'rateLimit'], ...positionAt(placed, [index, 'rateLimit'], 'key') }];
  });
}

/** An entry's only client is the app beside the sidecar: a bucket for each would be `shared` by another name. */
export function checkEntryScopes(read: Given): Issue[] {
  const placed = read.placed.get(KEY);
  return writtenEntries(read).flatMap((entry, index) => {
    const scope = findPerClient(entry['rateLimit']);
    if (placed === undefined || scope === undefined) return [];
    const path = [index, 'rateLimit', ...scope];
    const message = `${String(scope.at(-1))} has no meaning for a remote entry, whose only client is the app itself; write shared`;
    return [{ code: 'PER_CLIENT_OF_AN_ENTRY', path: [KEY, ...path], message, ...positionAt(placed, path, 'key') }];
  });
}

/** Secrets that leave in the clear: allowed where the user says so, and told all the same. */
export function clearHeaders({ values, placed }: Given): Issue[] {
  const written = placed.get(KEY);
  return (values[KEY] ?? []).flatMap(({ url, headers }, index) => {
    const [header] = headers;
    if (written === undefined || header === undefined || !url.startsWith('http:')) return [];
    const message = `the value of ${quote(header.name)} goes over the network unencrypted, as the URL is http; write https://`;
    return [{ code: 'HEADER_IN_THE_CLEAR', path: [KEY, index, 'headers'], message, ...positionAt(written, [index, 'headers'], 'key') }];
  });
}
