import type { AtelierClient } from '@atelier/client';
import { AtelierError, type SavedChain } from '@atelier/protocol';

/** The caller's chain of a name. @throws AtelierError `not-found` */
export async function savedChain(client: AtelierClient, name: string): Promise<SavedChain> {
  const found = await findSavedChain(client, name);
  if (found) return found;
  throw new AtelierError('not-found', `You have no saved chain "${name}".`, { hint: 'List them with: atelier chain list.' });
}

export async function findSavedChain(client: AtelierClient, name: string): Promise<SavedChain | undefined> {
  const wanted = name.normalize('NFC').trim();
  const found = (await client.api.chains.list()).find((one) => one.name === wanted);
  return found && client.api.chains.get({ id: found.id });
}
