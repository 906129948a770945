/** What is known of work that goes on. Times in seconds. */
export interface Going {
  readonly predicted: number;
  readonly passed: number;
  /** How far it says it is, 0 to 1; 0 if it says nothing. */
  readonly fraction: number;
}

/** Below this, a fraction says more about loading than about the pace. */
const tellingFraction = 0.05;
/** Work that is late without a word of its progress is taken to need this share of its prediction still. */
const lateShare = 0.1;

/**
 * Seconds until it is done. The further it is, the more its own pace counts and the less what was predicted: at 50 % they count
 * the same, at the end only the pace does.
 */
export function leftSeconds({ predicted, passed, fraction }: Going): number {
  const byPrediction = Math.max(predicted - passed, predicted * lateShare);
  if (fraction < tellingFraction) return byPrediction;
  const byPace = (passed / fraction) * (1 - fraction);
  return fraction * byPace + (1 - fraction) * byPrediction;
}

/** A step that has not ended, and those that it waits for; others have ended. */
interface Left {
  readonly id: string;
  readonly reads: readonly string[];
  readonly seconds: number;
}

/** Seconds along the longest way through steps that wait for each other. */
export function longestWay(steps: readonly Left[]): number {
  const byId = new Map(steps.map((step) => [step.id, step]));
  const known = new Map<string, number>();
  const until = (id: string): number => {
    const step = byId.get(id);
    if (step === undefined) return 0;
    const found = known.get(id);
    if (found !== undefined) return found;
    const seconds = step.seconds + Math.max(0, ...step.reads.map(until));
    known.set(id, seconds);
    return seconds;
  };
  return Math.max(0, ...steps.map(({ id }) => until(id)));
}
