import { CelError, NoSuchKey } from './tokens.ts';
import { truth } from './values.ts';

/**
 * CEL's `||` and `&&`, and `exists` and `all`, which are the same over a list: an error of one does not matter where
 * another decides (cel-spec, "Logical Operators"). Of several errors one that is a lack of ours is thrown.
 */
export function decide<T>(of: readonly T[], decisive: boolean, judge: (each: T) => unknown): boolean {
  let failure: CelError | undefined;
  for (const each of of) {
    try {
      if (truth(judge(each)) === decisive) return decisive;
    } catch (error) {
      if (!(error instanceof CelError)) throw error;
      if (failure === undefined || failure instanceof NoSuchKey) failure = error;
    }
  }
  if (failure !== undefined) throw failure;
  return !decisive;
}
