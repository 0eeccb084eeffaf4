import { createHash } from 'node:crypto';
import { CONFLICT, type KubeApi, type KubeObject, kubePaths } from './kube-api.ts';
import type { ObjectReference } from './top-owner.ts';

/** As long as an apiserver keeps Events, unless told otherwise (--event-ttl): so one is there while its reason lasts. */
const WINDOW_MS = 3_600_000;
const MAX_QUEUED = 100;
const MAX_REMEMBERED = 10_000;
/** EventSpec of events.k8s.io/v1. */
const MAX_NOTE = 1024;

export type EventReason = 'SidecarMissing' | 'SidecarForged' | 'SidecarNotReady' | 'RemoteEntryLacking';

export interface Occurrence {
  readonly reason: EventReason;
  readonly note: string;
  readonly owner: ObjectReference;
  readonly pod: ObjectReference;
}

export type EventFate = 'sent' | 'known' | 'dropped' | 'failed';

export interface EventSenderOptions {
  readonly api: Pick<KubeApi, 'create'>;
  /** Name of our own pod. */
  readonly instance: string;
  readonly clock: () => number;
  readonly onFate: (reason: EventReason, fate: EventFate, error?: unknown) => void;
}

export interface EventSender {
  /** Returns at once. What there is no room for is dropped: it is found again at the next look. */
  send(occurrence: Occurrence): void;
  /** Resolves when nothing is waiting. */
  settled(): Promise<void>;
}

/**
 * Events, one after the other and in nobody's way. The same reason for the same owner makes one an hour, whoever sends
 * it: its name is made of them, and the apiserver takes a name once.
 */
export function createEventSender({ api, instance, clock, onFate }: EventSenderOptions): EventSender {
  const waiting: { readonly name: string; readonly occurrence: Occurrence }[] = [];
  const known = new Set<string>();
  let working: Promise<void> | undefined;

  async function work(): Promise<void> {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const { name, occurrence } = next;
      try {
        const event = render(name, occurrence, instance, clock());
        const written = await api.create(kubePaths.events(occurrence.owner.namespace), event);
        onFate(occurrence.reason, written === CONFLICT ? 'known' : 'sent');
      } catch (error) {
        known.delete(name);
        onFate(occurrence.reason, 'failed', error);
      }
    }
    working = undefined;
  }

  return {
    send(occurrence) {
      const name = nameOf(occurrence, clock());
      if (known.has(name)) return onFate(occurrence.reason, 'known');
      if (waiting.length >= MAX_QUEUED) return onFate(occurrence.reason, 'dropped');
      if (known.size >= MAX_REMEMBERED) known.clear();
      known.add(name);
      waiting.push({ name, occurrence });
      working ??= work();
    },
    async settled() {
      await working;
    },
  };
}

function nameOf({ reason, owner }: Occurrence, nowMs: number): string {
  const window = Math.floor(nowMs / WINDOW_MS);
  const hash = createHash('sha256').update(`${owner.uid}/${reason}/${window}`).digest('hex').slice(0, 16);
  return `${owner.name.slice(0, 200).replace(/[-.]+$/, '')}.${hash}`;
}

function render(name: string, { reason, note, owner, pod }: Occurrence, instance: string, nowMs: number): KubeObject {
  return {
    apiVersion: 'events.k8s.io/v1',
    kind: 'Event',
    metadata: { name, namespace: owner.namespace },
    // MicroTime.
    eventTime: new Date(nowMs).toISOString().replace('Z', '000Z'),
    type: 'Warning',
    reason,
    action: 'Report',
    note: note.length > MAX_NOTE ? `${note.slice(0, MAX_NOTE - 1)}…` : note,
    regarding: owner,
    related: pod,
    reportingController: 'mcp-sluice.dev/webhook',
    reportingInstance: instance.slice(0, 128),
  };
}
