import type { StepView } from '@atelier/protocol';
import { type Remaining, remainingOf } from '../../plan-picture/pace.ts';
import { secondsBetween } from '../../units/time.ts';

/** So many drawn frames say more than history does. */
const enough = 4;

/**
 * What is left of a walk: by the pace of the frames that were drawn, once there are a few; before that by the planner's
 * prediction of the whole. Frames from the cache take no time and say nothing of the pace.
 */
export function walkRemaining(step: Pick<StepView, 'prediction' | 'startedAt' | 'shards' | 'cached'>, now: Date): Remaining {
  if (!step.startedAt) return { kind: 'unknown' };
  const elapsed = secondsBetween(step.startedAt, now);
  const { total = 1, done = 0 } = step.shards ?? {};
  const drawn = done - step.cached;
  if (drawn < enough) return remainingOf(step, elapsed, null);
  const left = (elapsed / drawn) * (total - done);
  const doubt = 0.1 + 0.5 / Math.sqrt(drawn);
  return { kind: 'range', low: left * (1 - doubt / 2), high: left * (1 + doubt) };
}
