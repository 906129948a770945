import { z } from 'zod';
import { RunId } from './ids.ts';

/** Puts a run elsewhere among the open runs of its person with the same priority. */
export const MoveRun = z.object({
  id: RunId,
  /** The run that it comes before; the end where there is none. */
  before: RunId.nullable().default(null),
});
export type MoveRun = z.infer<typeof MoveRun>;
