import { type RefObject, useEffect, useState } from 'react';

/** Pixels of the page that an element is wide and high. */
export function useSize(box: RefObject<HTMLElement | null>): { width: number; height: number } {
  const [size, setSize] = useState({ width: 0, height: 0 });
  useEffect(() => {
    const element = box.current;
    if (!element) return;
    const observer = new ResizeObserver(([entry]) => {
      const { width = 0, height = 0 } = entry?.contentRect ?? {};
      const next = { width: Math.floor(width), height: Math.floor(height) };
      setSize((known) => (known.width === next.width && known.height === next.height ? known : next));
    });
    observer.observe(element);
    return () => observer.disconnect();
  }, [box]);
  return size;
}

export function useWidth(box: RefObject<HTMLElement | null>): number {
  return useSize(box).width;
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
