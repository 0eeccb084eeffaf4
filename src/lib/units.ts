const SECOND_MS = 1000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
const UNIT_MS: ReadonlyMap<string, number> = new Map([
  ['d', DAY_MS],
  ['h', HOUR_MS],
  ['m', MINUTE_MS],
  ['s', SECOND_MS],
  ['ms', 1],
]);

/**
 * Milliseconds of `30s`, `5m`, `1h`, `7d`, or of Go's `1m0s`, `1h30m`, `1.5h`
 * (Go's time.ParseDuration, and days); undefined for anything else, for a
 * sign, and for what is no whole number of milliseconds.
 */
export function parseDuration(text: string): number | undefined {
  if (text.length === 0 || text.length > 64) return undefined;
  const part = /(\d{1,12})(?:\.(\d{1,9}))?(ms|[smhd])/y;
  let totalMs = 0;
  while (part.lastIndex < text.length) {
    const found = part.exec(text);
    const unitMs = UNIT_MS.get(found?.[3] ?? '');
    if (found === null || unitMs === undefined) return undefined;
    totalMs += Number(found[1]) * unitMs;
    const digits = found[2] ?? '';
    // In integers: 0.1 has no exact double, 1 × 86400000 ÷ 10 has.
    totalMs += (Number(digits) * unitMs) / 10 ** digits.length;
  }
  return Number.isSafeInteger(totalMs) ? totalMs : undefined;
}

/** The shortest form that `parseDuration` reads back: `1h30m`, `7d`, `1s500ms`. */
export function renderDuration(durationMs: number): string {
  let restMs = durationMs;
  let text = '';
  for (const [unit, unitMs] of UNIT_MS) {
    const count = Math.floor(restMs / unitMs);
    if (count > 0) text += `${count}${unit}`;
    restMs -= count * unitMs;
  }
  return text === '' ? '0s' : text;
}

const SUFFIX: ReadonlyMap<string, number> = new Map([
  ['n', 1e-9],
  ['u', 1e-6],
  ['m', 1e-3],
  ['', 1],
  ['k', 1e3],
  ['M', 1e6],
  ['G', 1e9],
  ['T', 1e12],
  ['P', 1e15],
  ['E', 1e18],
  ['Ki', 2 ** 10],
  ['Mi', 2 ** 20],
  ['Gi', 2 ** 30],
  ['Ti', 2 ** 40],
  ['Pi', 2 ** 50],
  ['Ei', 2 ** 60],
]);

/** The size of a Kubernetes quantity (`50m`, `96Mi`, `1e3`); undefined for anything else (apimachinery's resource.Quantity). */
export function parseQuantity(text: string): number | undefined {
  const found = /^(\d{1,18}(?:\.\d{0,9})?|\.\d{1,9})(?:([numkMGTPE]|[KMGTPE]i)|[eE]([+-]?\d{1,2}))?$/.exec(text);
  if (found === null) return undefined;
  const size = Number(found[1]) * (found[3] === undefined ? (SUFFIX.get(found[2] ?? '') ?? Number.NaN) : 10 ** Number(found[3]));
  return Number.isFinite(size) ? size : undefined;
}
