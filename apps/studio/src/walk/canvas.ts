import { type RefObject, useEffect, useState } from 'react';

/** Pixels of the page that an element is wide. */
export function useWidth(box: RefObject<HTMLElement | null>): number {
  const [width, setWidth] = useState(0);
  useEffect(() => {
    const element = box.current;
    if (!element) return;
    const observer = new ResizeObserver(([entry]) => entry && setWidth(Math.floor(entry.contentRect.width)));
    observer.observe(element);
    return () => observer.disconnect();
  }, [box]);
  return width;
}

/** A cleared canvas of so many pixels of the page, in the fineness of the screen. */
export function beginDrawing(canvas: HTMLCanvasElement, width: number, height: number): CanvasRenderingContext2D | null {
  const fineness = devicePixelRatio || 1;
  const [across, down] = [Math.round(width * fineness), Math.round(height * fineness)];
  if (canvas.width !== across) canvas.width = across;
  if (canvas.height !== down) canvas.height = down;
  const context = canvas.getContext('2d');
  context?.setTransform(fineness, 0, 0, fineness, 0, 0);
  context?.clearRect(0, 0, width, height);
  return context;
}
