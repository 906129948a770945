/**
 * Masks: which part of an image a task redraws, painted over it.
 * Not here: how a mask is read; see docs/models.md, Masks. Begin with mask-input.tsx.
 */
import type { Family } from '../../task-views/index.ts';
import { counted } from '../../units/counted.ts';
import { isMask } from './is-mask.ts';
import { maskCount } from './mask-drafts.ts';

export const mask: Family = {
  name: 'mask',
  inputs: [{ fits: isMask, title: 'Mask', input: () => import('./mask-input.tsx') }],
  begun: () => counted(maskCount(), 'painted mask', 'painted masks'),
  samples: import.meta.env.DEV ? () => import('./samples.tsx') : undefined,
};
