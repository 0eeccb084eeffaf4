import {
  type AppProbe,
  type AskedAs,
  type AskedProbe,
  decodeProbe,
  encodeProbe,
  HANDLERS,
  type HandlerKind,
  probePath,
} from '../lib/app-probe.ts';
import type { Issue } from '../lib/issue.ts';
import { ADMIN_PORT } from '../lib/ports.ts';
import { appContainers } from './app-containers.ts';
import type { Edit } from './edit.ts';
import { meshProxy } from './mesh.ts';
import { SIDECAR } from './names.ts';
import { initIndex, servedPorts } from './ours.ts';
import { isRaw, listAt, objectAt, type Path, type Raw, sameJson, textAt, valueAt } from './raw.ts';

const FIELDS: readonly (readonly [Path, AskedAs])[] = [
  ...['startupProbe', 'readinessProbe', 'livenessProbe'].map((probe) => [[probe], 'app-probe'] as const),
  ...['postStart', 'preStop'].map((hook) => [['lifecycle', hook], 'app-hook'] as const),
];
const ARGUMENT = '--app-probe=';
/** Five for each of fifty containers; what we write ourselves is never more. */
const MOST_RECORDED = 256;

/** What decides about the probes of a pod. */
export interface Captured {
  readonly ports: readonly number[];
  /** True for a path at which the sidecar asks for a token. */
  readonly needsToken: (path: string) => boolean;
}

interface Place {
  readonly container: unknown;
  readonly as: AskedAs;
  /** Within the pod's spec. */
  readonly at: Path;
  /** As it stands there. */
  readonly handler: AppProbe;
  /** As the user wrote it. */
  readonly original: AppProbe;
  /** What it asks, where that is at the pod's own address. */
  readonly port: number | undefined;
}

/**
 * Points what would ask the sidecar and not the app to the admin port, which asks the app; and back again where that is
 * no longer so. A TCP connection to the captured port always opens, and gRPC the sidecar does not speak. HTTP passes
 * through the captured port as any GET does, unless its path needs a token there.
 */
export function placeProbes(edit: Edit, spec: Path, captured: Captured): void {
  for (const place of placesOf(valueAt(edit.root, spec))) {
    set(edit, spec, place, isRouted(place, captured) ? routedForm(askedOf(place, captured), place.as) : place.original);
  }
}

/** Gives probes and hooks back what they asked before injection; to be called while our container is still there. */
export function restoreProbes(edit: Edit, spec: Path): void {
  for (const place of placesOf(valueAt(edit.root, spec))) set(edit, spec, place, place.original);
}

/**
 * The sidecar's arguments for what it is to ask. They are the record of the originals, too: one that stays and goes with
 * our container.
 */
export function probeArguments(spec: unknown, captured: Captured): string[] {
  // A mesh that came after us asks in the kubelet's place what we were to ask: then no probe shows it any more.
  const kept = meshProxy(spec) === undefined ? [] : keptProbes(spec, captured);
  const routed = placesOf(spec).filter((place) => isRouted(place, captured));
  const asked = [...kept, ...routed.map((place) => askedOf(place, captured))];
  const written = [...new Set(asked.map((each) => ARGUMENT + encodeProbe(each)))];
  // Servers of several containers: whoever puts those into another order changes nothing.
  return captured.ports.length === 1 ? written : written.sort();
}

/** Those of the record that are about a port which is captured still; where there was and is one, that is the one. */
function keptProbes(spec: unknown, captured: Captured): AskedProbe[] {
  const [only, ...more] = captured.ports;
  const before = more.length === 0 ? only : servedPorts(spec)[0];
  return recordedProbes(spec).flatMap(({ probe, port = before }) =>
    port === undefined || !captured.ports.includes(port) ? [] : [askedOf({ original: probe, port }, captured)],
  );
}

/** The port is named where it has to be. */
function askedOf({ original: probe, port }: Pick<Place, 'original' | 'port'>, { ports }: Captured): AskedProbe {
  return ports.length === 1 ? { probe } : { probe, port };
}

/** What of the probes and hooks nothing of ours can put right. */
export function judgeProbes(spec: unknown, captured: Captured): Issue[] {
  return placesOf(spec).flatMap((place) => {
    const [code, message] = complaint(place, captured) ?? [];
    return code === undefined || message === undefined ? [] : [{ code, path: ['spec', ...place.at], message }];
  });
}

function complaint({ container, as, handler, original, port }: Place, { ports, needsToken }: Captured): [string, string] | undefined {
  const name = textAt(container, 'name');
  const isOurs = /^\/app-(probe|hook)\//.test(textAt(handler, 'httpGet', 'path')) && valueAt(handler, ['httpGet', 'port']) === ADMIN_PORT;
  if (isOurs && original === handler)
    return ['PROBE_LOST', `container ${name} has the sidecar ask what is not on record: write anew what the app should be asked`];
  if (!('httpGet' in original) || port === undefined || !ports.includes(port)) return undefined;
  if (isTls(original.httpGet)) {
    const way = 'let the app speak plain HTTP on that port, or name another port';
    return ['PORT_SPEAKS_TLS', `container ${name} is asked by HTTPS on port ${port}, where the sidecar reads plain HTTP only: ${way}`];
  }
  if (as !== 'app-hook' || !needsToken(pathOf(original.httpGet))) return undefined;
  const way = 'use exec, or set paths so that this path is none of them';
  return [
    'HOOK_NEEDS_TOKEN',
    `this path needs a token, which a kubelet has not, so that the sidecar refuses it and the hook fails: ${way}`,
  ];
}

function placesOf(spec: unknown): Place[] {
  const recorded = byPath(recordedProbes(spec));
  return appContainers(spec).flatMap(({ container, at }) =>
    FIELDS.flatMap(([field, as]) =>
      HANDLERS.filter((kind) => isRaw(valueAt(container, [...field, kind]))).map((kind) => {
        const handler = { [kind]: objectAt(container, ...field, kind) } as unknown as AppProbe;
        const original = originalOf(handler, recorded);
        return { container, as, at: [...at, ...field], handler, original, port: askedPort(container, original) };
      }),
    ),
  );
}

function recordedProbes(spec: unknown): AskedProbe[] {
  const args = listAt(spec, 'initContainers', initIndex(spec, SIDECAR), 'args');
  const texts = args.filter((each): each is string => typeof each === 'string' && each.startsWith(ARGUMENT));
  return texts
    .slice(0, MOST_RECORDED)
    .map((text) => decodeProbe(text.slice(ARGUMENT.length)))
    .filter((asked) => asked !== undefined);
}

/** Hashed once: whoever writes a pod writes both lists, and their product would hold the webhook for minutes. */
function byPath(recorded: readonly AskedProbe[]): ReadonlyMap<unknown, AppProbe> {
  return new Map(recorded.flatMap((asked) => (['app-probe', 'app-hook'] as const).map((as) => [probePath(asked, as), asked.probe])));
}

function originalOf(handler: AppProbe, recorded: ReadonlyMap<unknown, AppProbe>): AppProbe {
  const { port, path } = objectAt(handler, 'httpGet');
  return (port === ADMIN_PORT && recorded.get(path)) || handler;
}

function isRouted({ as, original, port }: Place, { ports, needsToken }: Captured): boolean {
  if (port === undefined || !ports.includes(port)) return false;
  if (!('httpGet' in original)) return true;
  if (isTls(original.httpGet)) return false;
  // Of a probe the admin port tells no more than a status. A hook does something: whoever reached that port could do it.
  return as === 'app-probe' && needsToken(pathOf(original.httpGet));
}

/** The kubelet asks at the pod's address, unless a host is named, and takes a port's name from the same container. */
function askedPort(container: unknown, probe: AppProbe): number | undefined {
  const [handler] = Object.values(probe);
  const port = valueAt(handler, ['port']);
  if (textAt(handler, 'host') !== '') return undefined;
  if (typeof port === 'number') return port;
  const named = listAt(container, 'ports').find((each) => textAt(each, 'name') === port);
  const number = named === undefined ? Number(port) : valueAt(named, ['containerPort']);
  return typeof number === 'number' ? number : undefined;
}

function routedForm(asked: AskedProbe, as: AskedAs): AppProbe {
  return { httpGet: { path: probePath(asked, as), port: ADMIN_PORT, scheme: 'HTTP' } };
}

function set(edit: Edit, spec: Path, { at, handler }: Place, wanted: AppProbe): void {
  const [[kind, value]] = Object.entries(wanted) as [[HandlerKind, Raw]];
  if (sameJson(handler, wanted)) return;
  if (!(kind in handler)) edit.remove([...spec, ...at, Object.keys(handler)[0] ?? '']);
  edit.set([...spec, ...at, kind], value);
}

function isTls(httpGet: Raw): boolean {
  return textAt(httpGet, 'scheme').toUpperCase() === 'HTTPS';
}

function pathOf(httpGet: Raw): string {
  const path = textAt(httpGet, 'path');
  return path.startsWith('/') ? path : `/${path}`;
}
