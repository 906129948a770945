import { select } from 'd3-selection';
import { type D3ZoomEvent, type ZoomBehavior, type ZoomTransform, zoom, zoomIdentity } from 'd3-zoom';
import { useMemo, useRef, useState } from 'react';
import type { Fit, Size } from './fit.ts';

type Behaviour = ZoomBehavior<HTMLElement, unknown>;
const stepFactor = 1.5;
const stepPixels = 80;

/** How far an image is enlarged and where it stands, by wheel, pinch, drag, double click and keys. */
export interface Zoom {
  readonly transform: ZoomTransform;
  /** It is larger than fits, so that arrows and fingers move it. */
  readonly enlarged: boolean;
  /** Begins to listen on the stage of an image. @returns stops that */
  attach(stage: HTMLElement): () => void;
  /** Says how the image lies in its stage. */
  measure(stage: Size, fit: Fit): void;
  by(factor: number): void;
  /** Whole again. */
  reset(): void;
  /** By name of the key: + and - and 0, and the arrows as long as it is enlarged. */
  readonly keys: Readonly<Record<string, () => void>>;
}

/** Zoom of one image at a time; a new one begins whole. */
export function useZoom(): Zoom {
  const [transform, setTransform] = useState<ZoomTransform>(zoomIdentity);
  const stage = useRef<HTMLElement | null>(null);
  const behaviour = useRef<Behaviour>(null);
  const enlarged = transform.k > 1.001;
  const largerNow = useRef(enlarged);
  largerNow.current = enlarged;
  const deeds = useMemo(() => {
    const on = (deed: (made: Behaviour, element: HTMLElement) => void) => {
      if (behaviour.current && stage.current) deed(behaviour.current, stage.current);
    };
    const reset = () => on((made, element) => select(element).call(made.transform, zoomIdentity));
    return {
      attach: (element: HTMLElement) => {
        const made = behaviourOf(() => largerNow.current, setTransform);
        [stage.current, behaviour.current] = [element, made];
        select(element)
          .call(made)
          .on('dblclick.zoom', () => (largerNow.current ? reset() : made.scaleBy(select(element), 2)));
        reset();
        return () => {
          select(element).on('.zoom', null);
          [stage.current, behaviour.current] = [null, null];
          setTransform(zoomIdentity);
        };
      },
      measure: ({ width, height }: Size, { left, top, width: wide, height: tall, most }: Fit) =>
        on((made, element) => {
          made
            .extent([
              [0, 0],
              [width, height],
            ])
            .translateExtent([
              [left, top],
              [left + wide, top + tall],
            ])
            .scaleExtent([1, most]);
          // In its new place, within its new bounds.
          made.translateBy(select(element), 0, 0);
        }),
      by: (factor: number) => on((made, element) => made.scaleBy(select(element), factor)),
      pan: (x: number, y: number) => on((made, element) => made.translateBy(select(element), x, y)),
      reset,
    };
  }, []);
  const { pan, ...known } = deeds;
  const arrows = (k: number) => ({
    ArrowLeft: () => pan(stepPixels / k, 0),
    ArrowRight: () => pan(-stepPixels / k, 0),
    ArrowUp: () => pan(0, stepPixels / k),
    ArrowDown: () => pan(0, -stepPixels / k),
  });
  const larger = () => known.by(stepFactor);
  const keys = { '+': larger, '=': larger, '-': () => known.by(1 / stepFactor), '0': known.reset, ...(enlarged ? arrows(transform.k) : {}) };
  return { ...known, transform, enlarged, keys };
}

/** A single finger on an image that is whole scrolls the page or goes to a neighbour, and a mouse drags only with its first button. */
function behaviourOf(enlarged: () => boolean, onZoom: (transform: ZoomTransform) => void): Behaviour {
  return zoom<HTMLElement, unknown>()
    .filter((event: MouseEvent | WheelEvent | TouchEvent) => {
      if ('touches' in event && event.touches.length < 2) return enlarged();
      return event.type === 'wheel' || (!event.ctrlKey && !('button' in event && event.button !== 0));
    })
    .on('zoom', ({ transform }: D3ZoomEvent<HTMLElement, unknown>) => onZoom(transform));
}
