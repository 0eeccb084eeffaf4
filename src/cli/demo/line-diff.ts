export interface DiffLine {
  readonly kind: 'same' | 'added' | 'removed' | 'skipped';
  readonly text: string;
}

/** The longest common subsequence's lengths, from each pair of positions to the end. */
function commonLengths(before: readonly string[], after: readonly string[]): number[][] {
  const lengths = Array.from({ length: before.length + 1 }, () => new Array<number>(after.length + 1).fill(0));
  const at = (i: number, j: number): number => lengths[i]?.[j] ?? 0;
  for (let i = before.length - 1; i >= 0; i--) {
    for (let j = after.length - 1; j >= 0; j--) {
      const row = lengths[i] as number[];
      row[j] = before[i] === after[j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1));
    }
  }
  return lengths;
}

function allLines(before: readonly string[], after: readonly string[]): DiffLine[] {
  const lengths = commonLengths(before, after);
  const lines: DiffLine[] = [];
  let i = 0;
  let j = 0;
  while (i < before.length || j < after.length) {
    if (i < before.length && j < after.length && before[i] === after[j]) {
      lines.push({ kind: 'same', text: after[j] as string });
      i += 1;
      j += 1;
    } else if (j < after.length && (i === before.length || (lengths[i]?.[j + 1] ?? 0) >= (lengths[i + 1]?.[j] ?? 0))) {
      lines.push({ kind: 'added', text: after[j++] as string });
    } else {
      lines.push({ kind: 'removed', text: before[i++] as string });
    }
  }
  return lines;
}

/** What changed from `before` to `after`, with `context` unchanged lines around each change. */
export function diffLines(before: string, after: string, context: number): DiffLine[] {
  const lines = allLines(before.split('\n'), after.split('\n'));
  const isNear = lines.map((_, at) => lines.slice(Math.max(0, at - context), at + context + 1).some(({ kind }) => kind !== 'same'));
  return lines.flatMap((line, at) => {
    if (isNear[at]) return [line];
    return isNear[at - 1] ? [{ kind: 'skipped' as const, text: '…' }] : [];
  });
}
