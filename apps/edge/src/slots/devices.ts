import { join } from 'node:path';
import { stderrLog } from '@atelier/background';
import { z } from 'zod';
import { readIfThere, writeAtomically } from '../atomic-file.ts';
import { Slot, type SlotOptions } from './slot.ts';
import type { DeviceReport } from './slot-messages.ts';

const Known = z.object({ key: z.string(), devices: z.array(z.object({ driver: z.string(), device: z.string(), reason: z.string() })) });

/**
 * What models of some drivers run on here. Asked in a process of its own, so that the agent loads no runtime, and kept in the
 * edge's folder, since loading every runtime takes seconds.
 * @param key changes when the answer may: the releases of Atelier and Node, and what ATELIER_DEVICE says
 */
export async function describeDevices(
  folder: string,
  key: string,
  drivers: readonly string[],
  slotOptions: Pick<SlotOptions, 'taskModules' | 'environment'>,
): Promise<DeviceReport[]> {
  const file = join(folder, 'devices.json');
  const known = parse(await readIfThere(file));
  const devices = known?.key === key ? known.devices : [];
  const missing = drivers.filter((driver) => !devices.some((device) => device.driver === driver));
  if (missing.length > 0) {
    const slot = new Slot({ ...slotOptions, log: stderrLog });
    try {
      devices.push(...(await slot.describe(missing)));
    } finally {
      await slot.kill();
    }
    await writeAtomically(file, JSON.stringify({ key, devices }));
  }
  return devices.filter(({ driver }) => drivers.includes(driver));
}

function parse(text: string | undefined): z.infer<typeof Known> | undefined {
  try {
    return Known.parse(JSON.parse(text ?? ''));
  } catch {
    return undefined; // Not there, or of another form: asked again.
  }
}
