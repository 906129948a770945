/**
 * Transcripts: what was heard in a recording, to be kept as subtitles.
 * Not here: the text itself, which is drawn as every text is.
 */
import type { Family } from '../../task-views/index.ts';

export const transcript: Family = {
  name: 'transcript',
  tasks: { 'automatic-speech-recognition': { actions: () => import('./subtitle-buttons.tsx') } },
};
