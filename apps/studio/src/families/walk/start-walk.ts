import type { RunView } from '@atelier/protocol';
import { sendOrKeep } from '../../chain/outbox.ts';
import { nameOf, requestOf, type WalkForm } from './walk-form.ts';

/** Makes the walk and its film as one run. @returns null if it waits for the connection @throws AtelierError what the coordinator found wrong */
export const startWalk = (form: WalkForm): Promise<RunView | null> => sendOrKeep(requestOf(form), nameOf(form));
