import { due } from '../../domain/base/naming.ts';

/** The fields by which a pipeline's status asks to be reconciled at a time; the sweep finds it by them. */
export function dirtyAt(at: string) {
  return { dirty: true, dueAt: at, duePk: due.reconcile, dueSk: at };
}
