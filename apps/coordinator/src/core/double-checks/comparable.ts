import type { KnownEdge } from '../fleet/index.ts';

/**
 * Whether two edges have to make the same bytes of one model: both have it with this hash, by the same release on the same system, and
 * compute its driver's networks on the same kind of device. Processors may differ: that is shown where results do.
 */
export function isComparable(one: KnownEdge, other: KnownEdge, model: { modelId: string; modelHash: string }): boolean {
  const a = runtimeOf(one, model);
  return a !== undefined && a === runtimeOf(other, model);
}

function runtimeOf({ info, models }: KnownEdge, { modelId, modelHash }: { modelId: string; modelHash: string }): string | undefined {
  const model = models.find(({ manifest, ...one }) => manifest.id === modelId && one.modelHash === modelHash && one.state === 'ready');
  if (!info || !model) return undefined;
  const devices = info.devices.filter(({ driver }) => driver === model.manifest.driver).map(({ device }) => device);
  return JSON.stringify([info.version, info.platform, devices.sort()]);
}
