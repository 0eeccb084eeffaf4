import type { Round } from './measure.ts';

export interface Measured {
  readonly name: string;
  readonly rounds: readonly Round[];
  readonly idleMb: number;
}

export const median = (values: readonly number[]): number => {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? (sorted[middle] ?? 0) : ((sorted[middle - 1] ?? 0) + (sorted[middle] ?? 0)) / 2;
};

const pick = (measured: Measured, key: keyof Round): number[] => measured.rounds.map((round) => round[key]);

/** The median of the ratios of rounds that ran side by side: noise of the machine strikes both. */
export function ratio(measured: Measured, base: Measured): number {
  return median(measured.rounds.map((round, at) => round.cpuMicrosPerRequest / (base.rounds[at]?.cpuMicrosPerRequest ?? Number.NaN)));
}

/** One line a variant, medians over the rounds. */
export function renderTable(all: readonly Measured[], base: Measured): string {
  const heads = ['', 'CPU µs/request', '× Go', 'requests/s', 'p50 µs', 'p99 µs', 'idle MB', 'loaded MB'];
  const rows = all.map((each) => {
    const hasProcess = each.idleMb > 0;
    const cpu = pick(each, 'cpuMicrosPerRequest');
    return [
      each.name,
      hasProcess ? `${median(cpu).toFixed(0)} (${Math.min(...cpu).toFixed(0)}–${Math.max(...cpu).toFixed(0)})` : '',
      hasProcess ? ratio(each, base).toFixed(2) : '',
      median(pick(each, 'requestsPerSecond')).toFixed(0),
      median(pick(each, 'p50Micros')).toFixed(0),
      median(pick(each, 'p99Micros')).toFixed(0),
      hasProcess ? each.idleMb.toFixed(0) : '',
      hasProcess ? Math.max(...pick(each, 'residentMb')).toFixed(0) : '',
    ];
  });
  const widths = heads.map((head, column) => Math.max(...[heads, ...rows].map((row) => (row[column] ?? head).length)));
  const line = (row: readonly string[]): string =>
    row.map((cell, column) => (column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0))).join('  ');
  return [heads, ...rows].map(line).join('\n');
}
