import type { ArtifactStore } from '@atelier/artifacts';
import { AtelierError } from '@atelier/protocol';

/** From here on a purge sees that the bytes are needed; one that ended just before has taken them away. @throws AtelierError `unavailable` */
export async function checkHeld(artifacts: ArtifactStore, hash: string): Promise<void> {
  if (await artifacts.has(hash)) return;
  throw new AtelierError('unavailable', 'The same bytes were being deleted at this moment.', { hint: 'Send them again.' });
}
