import type { Issue } from '../lib/issue.ts';
import type { Settings } from '../settings/settings.ts';
import { appContainers } from './app-containers.ts';
import { listAt, type Path, textAt, valueAt } from './raw.ts';

/** A port that one of the pod's own containers declares. */
export interface Declared {
  readonly container: string;
  /** The container's place in the pod's spec. */
  readonly at: Path;
  readonly name: string;
  readonly number: number;
  readonly protocol: string;
}

/** Ports of the app's containers and native sidecars; ours and a mesh's proxy have none that could be meant. */
export function declaredPorts(spec: unknown): Declared[] {
  return appContainers(spec).flatMap(({ container, name, at }) =>
    listAt(container, 'ports').map((port) => {
      const number = Number(valueAt(port, ['containerPort']));
      return { container: name, at, name: textAt(port, 'name'), number, protocol: textAt(port, 'protocol') || 'TCP' };
    }),
  );
}

/** The containers of such ports, each once, by its first one. */
export function servingContainers(ports: readonly Declared[]): readonly Declared[] {
  return ports.filter(({ container }, index) => ports.findIndex((other) => other.container === container) === index);
}

type WantedPorts = Pick<Settings, 'port' | 'furtherPorts'>;
/** At least one. */
export type Chosen = readonly [Declared, ...Declared[]];

/**
 * The MCP servers' ports: those asked for, in that order; else the one that our container already serves, so that a mutator
 * that adds containers after us changes nothing, whatever it names their ports; else the only one, else the one named `mcp`.
 */
export function choosePorts(spec: unknown, { port, furtherPorts = [] }: WantedPorts, served: readonly number[]): Chosen | readonly Issue[] {
  const all = declaredPorts(spec);
  const wanted = port === undefined ? [] : [port, ...furtherPorts];
  const found = port === undefined ? [chooseUnasked(all, served)] : wanted.map((each) => chooseWanted(all, each, served));
  const issues = found.filter((each): each is Issue => 'code' in each);
  const [first, ...more] = found.filter((each): each is Declared => 'number' in each);
  const twice = sameTwice(found, wanted);
  return issues.length > 0 || twice.length > 0 || first === undefined ? [...issues, ...twice] : [first, ...more];
}

function chooseUnasked(all: readonly Declared[], served: readonly number[]): Declared | Issue {
  const tcp = distinct(all.filter((port) => port.protocol === 'TCP'));
  const [only] = tcp;
  if (tcp.length === 1 && only) return only;
  if (tcp.length === 0) return all.length === 0 ? undeclared('no container of the pod declares a port', all) : notTcp('the pod', all);
  const kept = tcp.find((port) => served.includes(port.number));
  if (kept) return kept;
  const named = distinct(tcp.filter((port) => port.name === 'mcp'));
  return named.length === 1 && named[0] ? named[0] : ambiguous('the pod declares several ports and none is named mcp', tcp);
}

/** A number and a name, or two names, may mean one port; what is written twice is told by the settings. */
function sameTwice(found: readonly (Declared | Issue)[], wanted: readonly (number | string)[]): Issue[] {
  return found.flatMap((port, index) => {
    const before = found.findIndex((other) => 'number' in other && 'number' in port && other.number === port.number);
    if (!('number' in port) || before === index) return [];
    const message = `${wanted[before]} and ${wanted[index]} are the same port ${port.number}: take one of them away`;
    return [{ code: 'PORT_TWICE', path: ['port'], message }];
  });
}

function chooseWanted(all: readonly Declared[], wanted: number | string, served: readonly number[]): Declared | Issue {
  const matching = all.filter((port) => (typeof wanted === 'number' ? port.number === wanted : port.name === wanted));
  if (matching.length === 0)
    return undeclared(`no container declares a port ${typeof wanted === 'number' ? wanted : `named "${wanted}"`}`, all);
  const tcp = distinct(matching.filter((port) => port.protocol === 'TCP'));
  const [first] = tcp;
  if (!first) return notTcp(`port ${wanted}`, matching);
  const [kept, ...more] = tcp.filter((port) => served.includes(port.number));
  if (kept && more.length === 0) return kept;
  return tcp.length === 1 ? first : ambiguous(`several ports are named "${wanted}"`, tcp);
}

function distinct(ports: readonly Declared[]): Declared[] {
  return ports.filter((port, index) => ports.findIndex((other) => other.number === port.number) === index);
}

function undeclared(what: string, all: readonly Declared[]): Issue {
  const way = all.length > 0 ? `set it to one of ${candidates(all)}` : "add the MCP server's port to its container's ports";
  return { code: 'PORT_UNDECLARED', path: ['port'], message: `${what}: ${way}` };
}

function notTcp(what: string, ports: readonly Declared[]): Issue {
  return { code: 'PORT_NOT_TCP', path: ['port'], message: `${what} has ${candidates(ports)}: MCP is spoken over TCP only` };
}

function ambiguous(what: string, ports: readonly Declared[]): Issue {
  return { code: 'PORT_AMBIGUOUS', path: ['port'], message: `${what}: set it to one of ${candidates(ports)}` };
}

function candidates(ports: readonly Declared[]): string {
  return ports
    .map((port) => `${port.number}/${port.protocol} (${port.name ? `${port.name}, ` : ''}container ${port.container})`)
    .join(', ');
}
