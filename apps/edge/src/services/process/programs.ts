import { pathToFileURL } from 'node:url';
import { type ServiceProgram, servicePrograms } from '@atelier/drivers';
import { AtelierError, registerServiceKind, registerTask, type ServiceKind, type TaskDeclaration } from '@atelier/protocol';

const ownPrograms = new Map<string, ServiceProgram>();

interface OwnModule {
  readonly tasks?: readonly TaskDeclaration[];
  readonly serviceKinds?: readonly ServiceKind[];
  readonly services?: readonly ServiceProgram[];
}

/** Takes over the kinds and programs of an owner's modules. */
export async function readPrograms(files: readonly string[]): Promise<void> {
  for (const file of files) {
    const found = (await import(pathToFileURL(file).href)) as OwnModule;
    for (const task of found.tasks ?? []) registerTask(task);
    for (const kind of found.serviceKinds ?? []) registerServiceKind(kind);
    for (const program of found.services ?? []) ownPrograms.set(program.kind, program);
  }
}

/** Names of the kinds that have a program here. */
export function listPrograms(): string[] {
  return [...ownPrograms.keys(), ...Object.keys(servicePrograms)];
}

/** @throws AtelierError `not-found` */
export async function findProgram(kind: string): Promise<ServiceProgram> {
  const own = ownPrograms.get(kind);
  if (own) return own;
  const open = Object.hasOwn(servicePrograms, kind) ? servicePrograms[kind] : undefined;
  if (open) return open();
  throw new AtelierError('not-found', `This edge has nothing that runs services of the kind "${kind}".`, {
    hint: 'Start it with --tasks and the module that brings it.',
  });
}
