import fc from 'fast-check';
import { Admission } from '../../sidecar/session-admission.ts';
import type { HeldSession, SessionLimits, Slot } from '../../src/policy/session-admission.ts';
import { type Fault, FaultyStore } from './faulty-store.ts';
import { ModelPlaces } from './model-places.ts';

type Of<Kind extends string, Rest> = Kind extends string ? { readonly kind: Kind } & Rest : never;

/** What may happen; numbers choose among what there is. */
export type Event =
  | Of<'reserve', { readonly replica: number; readonly client: number }>
  | Of<'confirm' | 'release' | 'begin' | 'finish' | 'end', { readonly which: number }>
  | Of<'find', { readonly replica: number; readonly which: number }>
  | Of<'pass', { readonly ms: number }>
  | Of<'faults', { readonly replica: number; readonly faults: readonly Fault[] }>
  | Of<'down' | 'up' | 'deliver' | 'die' | 'leave', { readonly replica: number }>
  | Of<'flush', object>;

const which = fc.nat(1000);
const replica = fc.nat(1);
const ordinary = [
  { weight: 8, arbitrary: fc.record({ kind: fc.constant('reserve' as const), replica, client: fc.nat(3) }) },
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('confirm' as const), which }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('release' as const), which }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constantFrom('begin' as const, 'finish' as const), which }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('end' as const), which }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('find' as const), replica, which }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('pass' as const), ms: fc.constantFrom(1000, 3000, 10_000) }) },
];
const faults = fc.array(fc.constantFrom<Fault>('none', 'slow', 'refused', 'unanswered', 'late'), { minLength: 1, maxLength: 4 });
const failures = [
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('faults' as const), replica, faults }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constantFrom('down' as const, 'up' as const, 'deliver' as const), replica }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom('die' as const, 'leave' as const), replica }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('flush' as const) }) },
];
export const undisturbed: fc.Arbitrary<Event[]> = fc.array(fc.oneof(...ordinary), { maxLength: 60, size: 'max' });
export const disturbed: fc.Arbitrary<Event[]> = fc.array(fc.oneof(...ordinary, ...failures), { maxLength: 80, size: 'max' });

interface Replica {
  readonly pod: string;
  readonly store: FaultyStore;
  readonly admission: Admission;
  isOver: boolean;
}
interface OpenSession {
  readonly id: string;
  readonly session: HeldSession;
  readonly replica: Replica;
  inFlight: number;
  isLive: boolean;
}

/** Two replicas, one store, and whoever uses them. Keeps its own account of which sessions live. */
export class Schedule {
  readonly model = new ModelPlaces();
  readonly replicas: Replica[] = [];
  readonly slots: { readonly slot: Slot; readonly replica: Replica; isOpen: boolean }[] = [];
  readonly opened: OpenSession[] = [];
  /** Sessions by a slot that was confirmed before, or released: they live all the same. */
  unreserved = 0;
  readonly #limits: SessionLimits;
  #nowMs = 5e6;
  #ids = 0;

  constructor(limits: SessionLimits) {
    this.#limits = limits;
    for (const pod of ['pod-1', 'pod-2']) this.#start(pod);
  }

  /** The sessions that a replica holds, by our own account. */
  liveOf(replica: Replica): string[] {
    return this.opened.filter((each) => each.replica === replica && each.isLive).map(({ id }) => id);
  }

  /** What is in flight at a replica that runs. */
  inFlight(): OpenSession[] {
    return this.opened.filter(({ inFlight, isLive, replica }) => inFlight > 0 && isLive && !replica.isOver);
  }

  async perform(event: Event): Promise<void> {
    if (event.kind === 'flush') this.#flush();
    else if (event.kind === 'pass') await this.pass(event.ms);
    else if (event.kind === 'confirm' || event.kind === 'release') this.#useSlot(event.kind, event.which);
    else if (event.kind === 'begin' || event.kind === 'finish' || event.kind === 'end') this.#useSession(event.kind, event.which);
    else await this.#ofReplica(event);
    await turns();
  }

  async pass(ms: number): Promise<void> {
    for (let left = ms; left > 0; left -= 1000) {
      this.#nowMs += 1000;
      this.model.nowMs += 1000;
      for (const { admission, isOver } of this.replicas) if (!isOver) admission.sweep();
      await turns();
    }
  }

  /** All failures are over, and what comes late has come. */
  async calm(): Promise<void> {
    for (const { store } of this.replicas) {
      store.faults = [];
      store.comeUp();
      store.deliver();
    }
    await turns();
  }

  #start(pod: string): Replica {
    const store = new FaultyStore(this.model, pod);
    const onEnded = (id: string) => {
      for (const each of this.opened) if (each.id === id && each.replica === replica) each.isLive = false;
    };
    const admission = new Admission({ owner: 'o', limits: this.#limits, events: { onEnded }, nowMs: () => this.#nowMs, store });
    const replica: Replica = { pod, store, admission, isOver: false };
    this.replicas.push(replica);
    admission.start();
    return replica;
  }

  async #ofReplica(event: Extract<Event, { replica: number }>): Promise<void> {
    const replica = this.replicas.filter(({ isOver }) => !isOver)[event.replica] as Replica;
    if (event.kind === 'faults') replica.store.faults.push(...event.faults);
    else if (event.kind === 'down') replica.store.goDown();
    else if (event.kind === 'up') replica.store.comeUp();
    else if (event.kind === 'deliver') replica.store.deliver();
    else if (event.kind === 'die' || event.kind === 'leave') await this.#replace(replica, event.kind);
    else if (event.kind === 'find') await this.#find(replica, event.which);
    else void this.#reserve(replica, event.client === 0 ? undefined : `client-${event.client}`);
  }

  async #reserve(replica: Replica, client: string | undefined): Promise<void> {
    const reserved = await replica.admission.reserve(client);
    if (reserved.ok && !replica.isOver) this.slots.push({ slot: reserved.slot, replica, isOpen: true });
  }

  /** Slots stay in the list: one may be confirmed or released twice, and both. */
  #useSlot(what: 'confirm' | 'release', which: number): void {
    const found = this.slots[which % Math.max(1, this.slots.length)];
    if (found === undefined || found.replica.isOver) return;
    const wasOpen = found.isOpen;
    found.isOpen = false;
    if (what === 'release') {
      found.slot.release();
      return;
    }
    if (!wasOpen) this.unreserved++;
    const id = `session-${++this.#ids}`;
    const session = found.slot.confirm(id);
    this.opened.push({ id, session, replica: found.replica, inFlight: 0, isLive: true });
  }

  #useSession(what: 'begin' | 'finish' | 'end', which: number): void {
    const found = this.opened[which % Math.max(1, this.opened.length)];
    if (found === undefined || found.replica.isOver) return;
    if (what === 'begin') void this.#begin(found);
    else if (what === 'end') {
      found.isLive = false;
      found.session.end();
    } else if (found.inFlight > 0) {
      found.inFlight--;
      found.session.finish();
    }
  }

  async #begin(found: OpenSession): Promise<void> {
    if (await found.session.begin()) found.inFlight++;
  }

  async #find(replica: Replica, which: number): Promise<void> {
    const id = this.opened[which % Math.max(1, this.opened.length)]?.id;
    if (id === undefined) return;
    const found = await Promise.race([replica.admission.find(id, undefined), turns()]);
    if (found?.kind !== 'resumed' || this.opened.some((each) => each.session === found.session)) return;
    this.opened.push({ id, session: found.session, replica, inFlight: 0, isLive: true });
  }

  /** `die`: as by SIGKILL, and its container starts again under the same name; `leave`: its pod goes, another comes. */
  async #replace(replica: Replica, how: 'die' | 'leave'): Promise<void> {
    replica.isOver = true;
    replica.store.isDead = how === 'die';
    void replica.admission.stop();
    await turns();
    for (const each of this.opened) if (each.replica === replica) each.isLive = false;
    this.#start(how === 'die' ? replica.pod : `pod-${this.replicas.length + 1}`);
  }

  #flush(): void {
    for (const kept of [this.model.places, this.model.pods, this.model.gone, this.model.evicted]) kept.clear();
  }
}

/** Lets everything run that waits for no clock. */
export async function turns(): Promise<undefined> {
  for (let i = 0; i < 4; i++) await new Promise((resolve) => setImmediate(resolve));
  return undefined;
}
