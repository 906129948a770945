import { pathToFileURL } from 'node:url';
import type { Driver } from '@atelier/drivers';
import { AtelierError, registerTask, type TaskDeclaration } from '@atelier/protocol';

const ownDrivers = new Map<string, Driver>();

/** Takes over the tasks and drivers of further modules. */
export async function readModules(files: readonly string[]): Promise<void> {
  for (const file of files) {
    const found = (await import(pathToFileURL(file).href)) as { tasks?: readonly TaskDeclaration[]; drivers?: readonly Driver[] };
    for (const task of found.tasks ?? []) registerTask(task);
    for (const driver of found.drivers ?? []) ownDrivers.set(driver.name, driver);
  }
}

/** @throws AtelierError `unknown-model` if there is no such driver here */
export async function findDriver(name: string): Promise<Driver> {
  const own = ownDrivers.get(name);
  if (own) return own;
  const { drivers } = await import('@atelier/drivers');
  const open = (drivers as Readonly<Record<string, (() => Promise<Driver>) | undefined>>)[name];
  if (open && Object.hasOwn(drivers, name)) return open();
  throw new AtelierError('unknown-model', `This edge has no driver "${name}".`, { hint: 'Start it with --tasks and the module that brings the driver.' });
}
