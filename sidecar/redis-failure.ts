/** What went wrong with Redis: bounded, for metrics. */
export type RedisFailureKind = 'timeout' | 'connection' | 'auth' | 'readonly' | 'oom' | 'misconf' | 'loading' | 'other';

/** Redis could not decide. The message is a reason for a person; it never holds a command's arguments. */
export class RedisFailure extends Error {
  readonly kind: RedisFailureKind;
  constructor(kind: RedisFailureKind, message: string) {
    super(message);
    this.name = 'RedisFailure';
    this.kind = kind;
  }
}

/** The first word of an error reply names its kind; what is no reply came from the socket. */
const KIND_OF_REPLY: Readonly<Record<string, RedisFailureKind>> = {
  NOAUTH: 'auth',
  WRONGPASS: 'auth',
  NOPERM: 'auth',
  READONLY: 'readonly',
  MASTERDOWN: 'readonly',
  OOM: 'oom',
  MISCONF: 'misconf',
  NOREPLICAS: 'misconf',
  LOADING: 'loading',
  BUSY: 'loading',
};

/** So a Redis says it that does not know a command (renamed, or a proxy before it): of AUTH, that would be the password. */
const ECHO = /,? with args beginning with:.*$/is;

/** Turns whatever ioredis threw into a RedisFailure. Its errors carry `command.args`, passwords too: only the message is kept. */
export function redisFailure(error: unknown): RedisFailure {
  if (error instanceof RedisFailure) return error;
  if (!(error instanceof Error)) return new RedisFailure('other', String(error));
  if (error.name !== 'ReplyError')
    return new RedisFailure('connection', error.message || (error as NodeJS.ErrnoException).code || error.name);
  const message = error.message.replace(ECHO, '');
  // A script's error names the script first: "READONLY ..." may stand behind "-" or "ERR ... script: ".
  for (const [word, kind] of Object.entries(KIND_OF_REPLY)) {
    if (message.startsWith(word) || message.includes(`-${word} `)) return new RedisFailure(kind, message);
  }
  return new RedisFailure('other', message);
}

/**
 * Rejects with a RedisFailure where the answer takes longer.
 *
 * When the timer fires the answer may already wait in the socket, as after a
 * long turn of the event loop; `setImmediate` runs after that was read.
 */
export function within<T>(answer: Promise<T>, deadlineMs: number): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(
      () => setImmediate(() => reject(new RedisFailure('timeout', `Redis did not answer within ${deadlineMs} ms`))),
      deadlineMs,
    );
    answer.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}
