/** Why a remote entry gave no answer: stable, for the rung of the refusal, the log and the metric's label. */
export type EntryCause =
  /** The bundle was never good: missing, unreadable or no PEM. */
  | 'ca-unusable'
  | 'dns'
  | 'forbidden-address'
  | 'refused'
  | 'unreachable'
  | 'connect-timeout'
  | 'unknown-ca'
  | 'self-signed'
  | 'intermediate-missing'
  | 'expired-leaf'
  | 'expired-ca'
  | 'not-yet-valid'
  | 'wrong-host'
  | 'weak-certificate'
  | 'tls-version'
  | 'tls'
  | 'redirect'
  | 'first-byte-timeout'
  | 'broke'
  | 'too-many-connections'
  | 'breaker-open';

/**
 * The answer of a remote entry that could not answer: every `Failure.error` of an `EntryUpstream` is one.
 *
 * Its message is for the client: it names the entry, the cause and the remedy, and holds no header and no secret; of
 * what the remote says no more than the names in its certificate, quoted and cut.
 */
export class EntryFault extends Error {
  readonly reason: EntryCause;
  /** 502 where the remote is at fault, 503 where a later call may do better, 504 where it was too slow (RFC 9110 §15.6). */
  readonly status: 502 | 503 | 504;
  readonly retryAfterSeconds: number | undefined;

  constructor(fault: {
    readonly reason: EntryCause;
    readonly status: 502 | 503 | 504;
    readonly message: string;
    readonly retryAfterSeconds?: number;
  }) {
    super(fault.message);
    this.name = 'EntryFault';
    this.reason = fault.reason;
    this.status = fault.status;
    this.retryAfterSeconds = fault.retryAfterSeconds;
  }
}
