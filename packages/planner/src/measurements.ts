import type { Measurement, OfferHistory, OutputHistory, Spread } from './fleet.ts';

/**
 * Sums up measurements, newest first, into what the planner reads. Only the newest `recent` of each kind count, and
 * medians are taken, so that one bad run or a machine that was upgraded does not spoil the prediction for long.
 */
export function summariseMeasurements(measurements: readonly Measurement[], recent = 20): { histories: OfferHistory[]; outputs: OutputHistory[] } {
  const histories = groups(measurements, (one) => JSON.stringify([one.edgeId, one.modelId, one.task])).map((group) => historyOf(group, recent));
  const outputs = groups(measurements, (one) => JSON.stringify([one.modelId, one.task])).flatMap((group) => outputsOf(group, recent));
  return { histories, outputs };
}

function historyOf(group: readonly [Measurement, ...Measurement[]], recent: number): OfferHistory {
  const { edgeId, modelId, task } = group[0];
  const secondsPerWork = (cold: boolean) =>
    spread(
      group.filter((one) => one.cold === cold).map((one) => one.runSeconds / Math.max(one.work, 1e-9)),
      recent,
    );
  const load = spread(
    group.filter((one) => one.cold).map((one) => one.loadSeconds),
    recent,
  );
  return { edgeId, modelId, task, warm: secondsPerWork(false), cold: secondsPerWork(true), load };
}

function outputsOf(group: readonly [Measurement, ...Measurement[]], recent: number): OutputHistory[] {
  const { modelId, task } = group[0];
  const ports = new Set(group.flatMap((one) => Object.keys(one.outputBytes)));
  return [...ports].flatMap((port) => {
    const bytes = spread(
      group.flatMap((one) => one.outputBytes[port] ?? []),
      recent,
    );
    return bytes ? [{ modelId, task, port, bytes }] : [];
  });
}

/** The median with the 10th and 90th percentile, interpolated linearly between neighbours; null for no values. */
export function spread(newestFirst: readonly number[], recent: number): Spread | null {
  const values = newestFirst.slice(0, recent).sort((a, b) => a - b);
  if (values.length === 0) return null;
  return { median: quantile(values, 0.5), low: quantile(values, 0.1), high: quantile(values, 0.9), samples: values.length };
}

function quantile(sorted: readonly number[], share: number): number {
  const at = share * (sorted.length - 1);
  const below = sorted[Math.floor(at)] as number;
  const above = sorted[Math.ceil(at)] as number;
  return below + (above - below) * (at - Math.floor(at));
}

function groups<T>(values: readonly T[], keyOf: (value: T) => string): [T, ...T[]][] {
  const byKey = new Map<string, [T, ...T[]]>();
  for (const value of values) {
    const key = keyOf(value);
    const group = byKey.get(key);
    if (group) group.push(value);
    else byKey.set(key, [value]);
  }
  return [...byKey.values()];
}
