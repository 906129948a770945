/**
 * The families of tasks that bring views to the studio: one folder and one line each.
 * Not here: what can be brought, and where it is shown; see ../task-views. Pages know of no family, and families not of each other.
 */
import type { Family } from '../task-views/index.ts';
import { mask } from './mask/index.ts';
import { transcript } from './transcript/index.ts';
import { walk } from './walk/index.ts';

/** In the order in which their places and uses are listed. */
export const families: readonly Family[] = [walk, mask, transcript];
