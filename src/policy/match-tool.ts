import type { ToolLimit } from '../settings/settings.ts';

/** Finds the limit of a tool: its exact name first, then the longest pattern; equal lengths in code-unit order, so that all replicas agree. */
export function matchTool(tools: readonly ToolLimit[], name: string): ToolLimit | undefined {
  let best: ToolLimit | undefined;
  for (const tool of tools) {
    if (!tool.pattern.includes('*')) {
      if (tool.pattern === name) return tool;
    } else if (matches(tool.pattern, name) && (best === undefined || precedes(tool.pattern, best.pattern))) best = tool;
  }
  return best;
}

const precedes = (a: string, b: string): boolean => (a.length === b.length ? a < b : a.length > b.length);

/**
 * Whether `*`, any run of characters, makes the pattern equal to the name.
 *
 * The leftmost place for each piece is always good enough, so nothing is tried
 * twice: the work is bounded by the lengths, whatever name a caller sends.
 */
export function matches(pattern: string, name: string): boolean {
  const pieces = pattern.split('*');
  const first = pieces[0] ?? '';
  if (pieces.length === 1) return pattern === name;
  const last = pieces.at(-1) ?? '';
  if (name.length < first.length + last.length || !name.startsWith(first) || !name.endsWith(last)) return false;
  let from = first.length;
  const end = name.length - last.length;
  for (const piece of pieces.slice(1, -1)) {
    const at = name.indexOf(piece, from);
    if (at < 0 || at + piece.length > end) return false;
    from = at + piece.length;
  }
  return true;
}
