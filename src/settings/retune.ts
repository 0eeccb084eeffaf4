import { keysWith } from './table.ts';

/** Keys whose change on a running pod takes effect without a restart (contract §5). */
export const RETUNABLE: readonly string[] = keysWith('isRetunable');
