import type { Modality } from '@atelier/protocol';
import { Activity, AudioLines, Binary, Clapperboard, Image, type LucideIcon, Type } from 'lucide-react';
import type { ReactNode } from 'react';

export const modalityIcons: Record<Modality, LucideIcon> = {
  text: Type,
  image: Image,
  audio: AudioLines,
  video: Clapperboard,
  signal: Activity,
  tensor: Binary,
};

export const modalityWords: Record<Modality, string> = {
  text: 'Text',
  image: 'Image',
  audio: 'Recording',
  video: 'Video',
  signal: 'Signal',
  tensor: 'Tensor',
};

/** A word in the colour of its modality, with its icon. */
export function ModalityTag({ modality, children }: { modality: Modality; children?: ReactNode }) {
  const Icon = modalityIcons[modality];
  return (
    <span data-modality={modality} className="inline-flex items-center gap-1.5 rounded-md bg-hue-soft px-2 py-0.5 text-sm font-medium text-hue">
      <Icon aria-hidden className="size-3.5" />
      {children ?? modalityWords[modality]}
    </span>
  );
}
