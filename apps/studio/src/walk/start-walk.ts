import { newId, type RunView } from '@atelier/protocol';
import { api, client, queries } from '../api/client.ts';
import { requestOf, type WalkForm } from './walk-form.ts';

/** Makes the walk and its film as one run. @throws AtelierError what the coordinator found wrong */
export async function startWalk(form: WalkForm): Promise<RunView> {
  const made = await client.runs.create(requestOf(form), { context: { idempotencyKey: newId() } });
  void queries.invalidateQueries({ queryKey: api.runs.key() });
  void queries.invalidateQueries({ queryKey: api.queue.key() });
  return made;
}
