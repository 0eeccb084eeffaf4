/**
 * Something wrong with what a user wrote. Errors are data; `renderIssue` makes
 * prose of them at the very end.
 */
export interface Issue {
  /** Stable, for tests and metrics: `UNKNOWN_KEY`, `LIMIT_WITHOUT_REDIS`, … */
  readonly code: string;
  /** Where: the annotation's key without our prefix, then fields inside its YAML; or a path in the object. */
  readonly path: readonly (string | number)[];
  /** One sentence that names the value, the rule and the way out. */
  readonly message: string;
  /** Position inside the annotation's YAML value, from 1. */
  readonly line?: number;
  readonly column?: number;
}
