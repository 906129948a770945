import type { LoadedModel } from '@atelier/drivers';
import type { SlotJob } from '../slot-messages.ts';
import { findDriver } from './drivers.ts';
import { send } from './send.ts';

const loaded = new Map<string, LoadedModel>();

/** @returns the model in memory, and what reading it took if it was not there */
export async function load(job: SlotJob): Promise<{ model: LoadedModel; seconds: number; cold: boolean }> {
  const warm = loaded.get(job.manifest.id);
  if (warm) return { model: warm, seconds: 0, cold: false };
  const before = process.memoryUsage.rss();
  const begun = performance.now();
  const driver = await findDriver(job.manifest.driver);
  const model = await driver.load({ manifest: job.manifest, folder: job.modelFolder }, { threads: job.threads });
  loaded.set(job.manifest.id, model);
  send({ kind: 'loaded', modelId: job.manifest.id, bytes: Math.max(0, process.memoryUsage.rss() - before) });
  return { model, seconds: (performance.now() - begun) / 1000, cold: true };
}

export async function unload(modelId: string): Promise<void> {
  await loaded.get(modelId)?.close();
  loaded.delete(modelId);
  send({ kind: 'unloaded', modelId, residentBytes: process.memoryUsage.rss() });
}
