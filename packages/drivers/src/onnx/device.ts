import { fork } from 'node:child_process';
import { join } from 'node:path';
import { AtelierError } from '@atelier/protocol';

/** What ONNX Runtime computes on, fastest first, by its own names. */
export const devices = ['cuda', 'webgpu', 'cpu'] as const;
export type Device = (typeof devices)[number];
/** `auto` is the fastest that works here. */
export type DeviceWish = Device | 'auto';
export const deviceWishes = ['auto', ...devices] as const;

export interface ChosenDevice {
  readonly device: Device;
  readonly reason: string;
}

/**
 * The device that models run on here. The edge's owner says it with ATELIER_DEVICE, a manifest with its option `device`, the owner's
 * word counting more; without either it is the CPU, which gives every edge the same bytes (docs/decisions/0009).
 * A device is tried in a process of its own first: a broken graphics driver ends that and not the slot.
 * @throws AtelierError `invalid-input` where ATELIER_DEVICE is none of the names
 * @throws AtelierError `unavailable` if a device that was asked for by name does not work
 */
export async function chooseDevice(wish: DeviceWish | undefined, environment: NodeJS.ProcessEnv = process.env): Promise<ChosenDevice> {
  const owners = ownersWish(environment);
  const wanted = owners ?? wish ?? 'cpu';
  if (wanted === 'cpu') return { device: 'cpu', reason: owners === undefined && wish === undefined ? byDefault : 'the CPU was asked for' };
  if (wanted === 'auto') return fastest();
  const problem = await problemWith(wanted);
  if (problem === undefined) return { device: wanted, reason: 'it was asked for, and works' };
  throw new AtelierError('unavailable', `${wanted} was asked for, but does not work here: ${problem}.`, {
    hint: 'Set ATELIER_DEVICE=cpu for this edge, or mend the driver; atelier doctor says what works.',
  });
}

const byDefault = 'the CPU gives the same bytes on every machine; ATELIER_DEVICE=auto takes the fastest device that works';

/** What `atelier doctor` says: the device, and why not a faster one. Never throws for a device that does not work. */
export async function describeDevice(environment: NodeJS.ProcessEnv = process.env): Promise<ChosenDevice> {
  const chosen = await chooseDevice(undefined, environment).catch((error: unknown) => ({ device: 'none' as never, reason: AtelierError.from(error).message }));
  const faster = devices.slice(0, devices.indexOf(chosen.device));
  const tried = await Promise.all(faster.map(async (device) => `${device}: ${(await problemWith(device)) ?? 'works'}`));
  return { ...chosen, reason: [chosen.reason, ...tried].join('; ') };
}

function ownersWish({ ATELIER_DEVICE: given }: NodeJS.ProcessEnv): DeviceWish | undefined {
  if (given === undefined || given === '') return undefined;
  const known = deviceWishes.find((name) => name === given);
  if (known !== undefined) return known;
  throw new AtelierError('invalid-input', `ATELIER_DEVICE is "${given}".`, { hint: `It is one of ${deviceWishes.join(', ')}.` });
}

async function fastest(): Promise<ChosenDevice> {
  for (const device of devices) if ((await problemWith(device)) === undefined) return { device, reason: 'the fastest that works here' };
  return { device: 'cpu', reason: 'the CPU always works' };
}

/** Loading a graphics driver takes seconds at worst. */
const probeMilliseconds = 30_000;
const probed = new Map<Device, Promise<string | undefined>>();

/** Why a device does not work here; undefined if it does. Each is tried once a process. */
export function problemWith(device: Device): Promise<string | undefined> {
  const known = probed.get(device) ?? (device === 'cpu' ? Promise.resolve(undefined) : probe(device));
  probed.set(device, known);
  return known;
}

function probe(device: Device): Promise<string | undefined> {
  return new Promise((resolve) => {
    const child = fork(join(import.meta.dirname, 'probe-device.ts'), [device], { stdio: 'ignore', timeout: probeMilliseconds, killSignal: 'SIGKILL' });
    let said: string | undefined = 'it ended the process that tried it';
    child.on('message', (problem: string | null) => {
      // The runtime puts the place in its own source first, and the condition that did not hold.
      said = problem?.replace(/^\/\S+:\d+ .* was false\. /, '');
    });
    child.on('error', (error) => resolve(error.message));
    child.on('exit', (_code, signal) => resolve(signal === null ? said : `it ended the process that tried it (${signal})`));
  });
}
