import { answeredId, type ServerEvent } from '../src/mcp/server-event.ts';

/** Calls of one session that wait to be polled; the oldest makes room. */
const MOST_CALLS = 16;
/** A client goes on from the last event that it got. */
const MOST_EVENT_IDS = 8;
const LONGEST_EVENT_ID = 128;

export interface PolledCall {
  /** The request's, in one spelling. */
  readonly id: string;
  eventIds: readonly string[];
}

/**
 * Calls whose stream the server closed before their answer (MCP 2025-11-25,
 * "Sending Messages" 6): the client asks for the rest by GET with the id of the last event
 * that it got, and that GET is a part of the call.
 */
export class PolledCalls {
  #calls: PolledCall[] = [];

  get count(): number {
    return this.#calls.length;
  }

  /** Nothing to remember where there is no event to go on from. */
  add(id: string, eventIds: readonly string[]): void {
    const kept = bounded(eventIds);
    if (kept.length === 0) return;
    this.#calls = [...this.#calls.filter((call) => call.id !== id), { id, eventIds: kept }].slice(-MOST_CALLS);
  }

  /** The call that goes on after this event. */
  find(lastEventId: string): PolledCall | undefined {
    return this.#calls.find(({ eventIds }) => eventIds.includes(lastEventId));
  }

  delete(id: string): void {
    this.#calls = this.#calls.filter((call) => call.id !== id);
  }

  /** True where this is the answer to the call, which then waits no longer. */
  hear(call: PolledCall, event: ServerEvent | undefined): boolean {
    if (event === undefined || answeredId(event.data) === call.id) {
      this.delete(call.id);
      return true;
    }
    if (event.id) call.eventIds = bounded([...call.eventIds, event.id]);
    return false;
  }
}

function bounded(eventIds: readonly string[]): readonly string[] {
  return eventIds.filter((id) => id.length <= LONGEST_EVENT_ID).slice(-MOST_EVENT_IDS);
}
