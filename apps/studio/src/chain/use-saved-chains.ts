import type { SavedChain, SavedChainSummary, TaskView } from '@atelier/protocol';
import { useQuery } from '@tanstack/react-query';
import { api, client, queries } from '../api/client.ts';
import { announce, complain } from '../ui/toast.tsx';
import { compose } from './composer-state.ts';
import { chainOf } from './draft.ts';

/** The chains that this person keeps, by name. */
export const useSavedChains = () => useQuery(api.chains.list.queryOptions({ staleTime: 30_000 }));

const changed = () => queries.invalidateQueries({ queryKey: api.chains.key() });

/** A saved chain into the composer, where texts of the same name stay. */
export async function openSaved({ id }: Pick<SavedChainSummary, 'id'>, tasks: readonly TaskView[]): Promise<void> {
  const saved = await client.chains.get({ id });
  compose.loadChain(saved.chain, tasks);
  compose.named(saved.name);
}

/** Saves the composer's chain under a name, over another where that is given. */
export async function saveChain(name: string, over: SavedChainSummary | undefined): Promise<void> {
  const chain = { ...chainOf(compose.now().draft), name };
  if (!over) {
    await client.chains.save({ name, chain });
    announce(`Saved as “${name}”.`);
  } else {
    const before = await client.chains.get({ id: over.id });
    await client.chains.change({ id: over.id, chain });
    announce(`“${name}” is replaced.`, () => undo(client.chains.change({ id: over.id, chain: before.chain })));
  }
  compose.named(name);
  await changed();
}

/** @throws AtelierError `conflict` if the name is taken */
export async function renameSaved(saved: SavedChainSummary, name: string): Promise<void> {
  const renamed = await client.chains.change({ id: saved.id, name });
  announce(`Renamed to “${renamed.name}”.`, () => undo(client.chains.change({ id: saved.id, name: saved.name })));
  await changed();
}

export async function deleteSaved(saved: SavedChainSummary): Promise<void> {
  const { name, chain } = await client.chains.remove({ id: saved.id });
  announce(`“${name}” is deleted.`, () => undo(client.chains.save({ name, chain })));
  await changed();
}

/** Takes the last change of the list back, and says if that cannot be. */
function undo(back: Promise<SavedChain>): void {
  back.then(changed).catch(complain);
}
