/**
 * The views of a toy task, as a family of the studio brings its own: this folder, and one line that tests/browser/toy-family.test.ts adds to
 * src/families/index.ts in a build of its own. The studio that people get does not have it.
 */
import { FlipHorizontal2 } from 'lucide-react';
import type { Family } from '../src/task-views/index.ts';

export const reversal: Family = {
  name: 'reversal',
  tasks: {
    'text-reversal': {
      result: () => import('./mirrored-text.tsx'),
      actions: () => import('./all-reversals-link.tsx'),
      parameters: { times: () => import('./times-stepper.tsx') },
      runPage: { path: (runId) => `/reversals/${runId}`, view: 'View reversal', icon: FlipHorizontal2 },
    },
  },
  place: { path: '/reversals', name: 'Reversals', icon: FlipHorizontal2, key: 'v' },
  beginning: { heading: 'Start a reversal', title: 'New reversal', words: 'reversal new backwards' },
  pages: [{ path: '/reversals/:id?', page: () => import('./reversals-page.tsx') }],
  uses: [
    {
      modality: 'text',
      title: 'A reversal of this text',
      hint: 'Read it backwards.',
      icon: FlipHorizontal2,
      makes: 'text',
      path: (outputId) => `/reversals?text=${outputId}`,
    },
  ],
  begun: () => ['a reversal by hand'],
};
