import { appContainers } from '../../inject/app-containers.ts';
import { entryVariable } from '../../inject/entry-env.ts';
import { declaredPorts } from '../../inject/port.ts';
import { listAt, textAt } from '../../inject/raw.ts';
import type { Settings } from '../../settings/settings.ts';
import { lastingContainers } from './pod-security.ts';

/**
 * What a request can still do past the sidecar of a pod, or past its limits; docs/threat-model.md has the whole of it.
 * `captured`: the ports of its MCP servers, where it has any.
 */
export function waysPast(spec: unknown, captured: readonly number[], settings: Settings): string[] {
  const { mode, rateLimit, redis, remoteEntries } = settings;
  const isLimited = (captured.length > 0 && rateLimit !== undefined) || remoteEntries.some((entry) => entry.rateLimit !== undefined);
  return [
    ...(captured.length === 0 ? [] : pastServer(spec, captured, settings)),
    ...(remoteEntries.length === 0 ? [] : pastEntries(spec, settings)),
    'whoever may label the namespace mcp-sluice.dev/webhook: ignore takes its new pods out of webhook and policies',
    ...(mode === 'shadow' ? ['mode is shadow: what a limit would refuse passes, and is logged'] : []),
    ...(redis !== undefined && isLimited ? whileAway(redis.onFailure) : []),
  ];
}

function pastServer(spec: unknown, captured: readonly number[], { identity, paths, rateLimit }: Settings): string[] {
  const others = lastingContainers(spec).filter((name) => !name.startsWith('mcp-sluice'));
  const ports = declaredPorts(spec).filter(
    (each) => !captured.includes(each.number) && each.protocol === 'TCP' && !each.container.startsWith('mcp-sluice'),
  );
  return [
    'whoever may create pods/portforward, pods/exec, pods/attach or pods/ephemeralcontainers reaches the server over loopback',
    ...(others.length > 1 ? [`the containers of the pod share its loopback: ${others.join(', ')}`] : []),
    ...ports.map(({ number, name, container }) => `port ${number}${name ? ` (${name})` : ''} of container ${container} is not captured`),
    ...(rateLimit === undefined ? ['no rate-limit is set: every call passes, and is counted'] : []),
    ...(identity?.header === undefined
      ? []
      : [`any of ${identity.header.from.join(', ')} can say who calls, by the header ${identity.header.name}`]),
    ...(paths.length === 0 ? [] : [`what is no JSON-RPC passes outside of ${paths.join(', ')}`]),
  ];
}

/** What leaves the pod otherwise than through its entries, and what comes to them that is not the app. */
function pastEntries(spec: unknown, { remoteEntries }: Settings): string[] {
  const unlimited = remoteEntries.filter(({ rateLimit }) => rateLimit === undefined).map(({ name }) => name);
  const clear = remoteEntries.filter(({ url }) => url.startsWith('http:')).map(({ name }) => name);
  return [
    'the app may dial a remote server, or anything, by itself, past its entry: the NetworkPolicy of "mcp-sluice policy" leaves it fewer places',
    'whatever runs in the pod, also by pods/exec or pods/portforward, reaches the entries over loopback, and has their headers sent for it',
    ...remoteEntries.flatMap(({ name }) => toldOtherwise(spec, name)),
    ...(unlimited.length === 0 ? [] : [`no rateLimit is set for ${unlimited.join(', ')}: every call passes, and is counted`]),
    ...(clear.length === 0 ? [] : [`whoever is on the way to ${clear.join(', ')} reads and alters what is said: the URL is http`]),
  ];
}

/** A variable that the app sets itself is left to it. */
function toldOtherwise(spec: unknown, entry: string): string[] {
  const { name, value } = entryVariable(entry);
  const containers = appContainers(spec).filter(({ container }) =>
    listAt(container, 'env').some((variable) => textAt(variable, 'name') === name && textAt(variable, 'value') !== value),
  );
  return containers.map((each) => `container ${each.name} sets ${name} itself, to something else than its entry`);
}

function whileAway(onFailure: 'open' | 'local' | 'closed'): string[] {
  if (onFailure === 'closed') return [];
  if (onFailure === 'open') return ['while Redis does not answer every call passes (on-redis-failure: open)'];
  return ['while Redis does not answer each replica holds a share of the limit by itself (on-redis-failure: local)'];
}
