/** A point of a stroke, in pixels of the picture. Pressure is 0 to 1; a mouse presses with 0.5. */
export interface MaskPoint {
  readonly x: number;
  readonly y: number;
  readonly pressure: number;
}

/** One thing that was done to a mask. A mask is what all of them make, one after the other, of an empty one. */
export type MaskDeed =
  | { readonly kind: 'stroke'; readonly erase: boolean; readonly diameter: number; readonly points: readonly MaskPoint[] }
  | { readonly kind: 'invert' }
  | { readonly kind: 'clear' };

/** What was done, and how much of it counts: undone deeds stand behind `done`. */
export interface MaskHistory {
  readonly deeds: readonly MaskDeed[];
  readonly done: number;
}

export const emptyHistory: MaskHistory = { deeds: [], done: 0 };

/** One more deed; what was undone before is forgotten. */
export const withDeed = ({ deeds, done }: MaskHistory, deed: MaskDeed): MaskHistory => ({ deeds: [...deeds.slice(0, done), deed], done: done + 1 });

export const undone = (history: MaskHistory): MaskHistory => ({ ...history, done: Math.max(0, history.done - 1) });
export const redone = (history: MaskHistory): MaskHistory => ({ ...history, done: Math.min(history.deeds.length, history.done + 1) });

/** The deeds that count, without those that a later clearing wiped out. */
export function standing({ deeds, done }: MaskHistory): readonly MaskDeed[] {
  const counted = deeds.slice(0, done);
  return counted.slice(counted.findLastIndex((deed) => deed.kind === 'clear') + 1);
}

/** Whether anything can be white. */
export const marksSomething = (history: MaskHistory) => standing(history).some((deed) => deed.kind === 'invert' || (deed.kind === 'stroke' && !deed.erase));

/** The diameter of a dab: a pen draws from a fifth of the brush to all of it, a mouse always all. */
export const dabDiameter = (diameter: number, pressure: number) => Math.max(1, diameter * (pressure >= 0.5 ? 1 : 0.2 + 1.6 * pressure));

/** Brush sizes that make sense for a picture, in its pixels. */
export function brushRange(width: number, height: number): { min: number; max: number; first: number } {
  const side = Math.max(8, Math.min(width, height));
  return { min: Math.max(1, Math.round(side / 128)), max: Math.round(side / 2), first: Math.round(side / 8) };
}
