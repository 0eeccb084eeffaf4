/** Something that must hold, is looked at again and again, and is put right when it does not. */
export interface Duty {
  readonly name: string;
  /** Rejects when it could not be made to hold. */
  readonly fulfil: () => Promise<unknown>;
}

export interface UpkeepOptions {
  readonly duties: readonly Duty[];
  readonly intervalMs: number;
  /** After a failure; the apiserver may be away for a moment. */
  readonly retryMs: number;
  readonly onFailure: (duty: string, error: unknown) => void;
}

export interface Upkeep {
  /**
   * Duties that never held yet, with the reason. One that held and then cannot be looked at (the apiserver is away) is
   * for logs and metrics: taking both replicas out of the Service would help nobody.
   */
  unmet(): readonly string[];
  stop(): void;
}

/**
 * Looks after all duties at once and then every `intervalMs` until stopped; one that fails holds up no other. By the
 * wall clock's ticks, not by one timer of months: a suspended machine's timers stand still.
 */
export function startUpkeep({ duties, intervalMs, retryMs, onFailure }: UpkeepOptions): Upkeep {
  const unmet = new Map(duties.map(({ name }) => [name, 'not looked at yet']));
  let timer: NodeJS.Timeout | undefined;
  let isStopped = false;

  async function look(): Promise<void> {
    let failures = 0;
    // In their order: the bundle that is published is that of the certificate just read.
    for (const { name, fulfil } of duties) {
      try {
        await fulfil();
        unmet.delete(name);
      } catch (error) {
        failures++;
        if (unmet.has(name)) unmet.set(name, error instanceof Error ? error.message : String(error));
        onFailure(name, error);
      }
    }
    if (!isStopped) timer = setTimeout(look, failures > 0 ? retryMs : intervalMs);
  }

  void look();
  return {
    unmet: () => [...unmet].map(([name, reason]) => `${name}: ${reason}`),
    stop() {
      isStopped = true;
      clearTimeout(timer);
    },
  };
}
