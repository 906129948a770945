/**
 * Walks: a video of the way through latent space, from keyframe to keyframe. The form that makes one, the player, and the page of each.
 * Not here: how frames are drawn and shared; see packages/diffusion/src/walk and packages/runs.
 * Begin with walk-form.ts (what a walk is made from), then walks-page.tsx and walk-page.tsx.
 */
import { Footprints } from 'lucide-react';
import type { Family } from '../../task-views/index.ts';
import { isFormBegun, useWalkDraft } from './walk-draft.ts';

export const walk: Family = {
  name: 'walk',
  tasks: {
    'latent-walk': {
      result: () => import('./small-player.tsx'),
      parameters: { keyframes: () => import('./keyframes-line.tsx') },
      runPage: { path: (runId) => `/walks/${runId}`, view: 'View walk', icon: Footprints },
    },
  },
  place: { path: '/walks', name: 'Walks', icon: Footprints, key: 'w' },
  beginning: { heading: 'Start a walk', title: 'New walk', words: 'walk new two words latent walk' },
  pages: [
    { path: '/walks', page: () => import('./walks-page.tsx') },
    { path: '/walks/:id', page: () => import('./walk-page.tsx') },
  ],
  uses: [
    {
      modality: 'image',
      title: 'Keyframe of a walk',
      hint: 'Use this image in a walk through latent space.',
      icon: Footprints,
      makes: 'video',
      path: (outputId) => `/walks?picture=${outputId}`,
    },
  ],
  begun: () => (isFormBegun() ? ['the form of a walk'] : []),
  filesOnTheirWay: () => Object.keys(useWalkDraft.getState().sending).length,
  samples: import.meta.env.DEV ? () => import('./samples.tsx') : undefined,
};
