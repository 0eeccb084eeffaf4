import type { EntryCause } from './entry-fault.ts';

/** What an entry tells of itself; each is called outside of any request's path and must not throw. */
export interface EntryEvents {
  /** A connection or a call came to nothing. */
  onFault?(reason: EntryCause): void;
  /** A text of the bundle was refused; the last good one stays, where there was one. Once for each text, and once while there is no file. */
  onCaReloadFailure?(reason: string): void;
  /** A text of the bundle is in effect. */
  onCaReload?(bundle: { readonly certificates: number; readonly earliestEndMs: number }): void;
  onBreaker?(isOpen: boolean): void;
  /** Calls and streams under way, each with a connection of its own. */
  onInFlight?(count: number): void;
  /** For the log: at 30 and at 7 days before a certificate of the bundle ends, and when the breaker opens. */
  onWarning?(message: string): void;
}
