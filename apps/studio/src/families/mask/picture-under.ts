import type { TaskView } from '@atelier/protocol';
import { inputBeside } from '../../chain/chain-inputs.ts';
import type { Draft } from '../../chain/draft.ts';

/** The input that holds the image which a mask lies over; undefined if an earlier step draws that image. */
export const pictureUnder = (draft: Draft, tasks: readonly TaskView[], mask: string): string | undefined => inputBeside(draft, tasks, mask, 'image');
