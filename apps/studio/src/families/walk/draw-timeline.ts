import type { Colours } from './colours.ts';
import type { Frame, FrameState } from './frame-states.ts';
import { type Cell, cellsOf } from './timeline-layout.ts';

type Pen = CanvasRenderingContext2D;

/** Finished frames step back behind the film. */
const quiet = 0.72;

/**
 * A frame's sign. States differ by height and form, not by colour alone: a low line waits, a hollow stub is queued, a striped
 * half is at work, a full bar is drawn, a framed one came from the cache, a crossed one failed.
 */
export function drawFrame(pen: Pen, state: FrameState, box: { x: number; width: number; height: number }, colours: Colours): void {
  const { x, width, height } = box;
  const bar = (share: number) => ({ top: height * (1 - share), tall: height * share });
  if (state === 'waiting') {
    pen.fillStyle = colours['line-strong'];
    pen.fillRect(x, height - 2, width, 2);
  } else if (state === 'queued') {
    pen.strokeStyle = colours['line-strong'];
    const { top, tall } = bar(0.35);
    outline(pen, x, top, width, tall);
  } else if (state === 'running') {
    const { top, tall } = bar(0.62);
    pen.fillStyle = colours['video-soft'];
    pen.fillRect(x, top, width, tall);
    pen.fillStyle = colours['video-hue'];
    for (let y = top; y < height; y += 5) pen.fillRect(x, y, width, 2.5);
  } else if (state === 'done') {
    pen.fillStyle = colours['video-hue'];
    pen.globalAlpha = quiet;
    pen.fillRect(x, 0, width, height);
    pen.globalAlpha = 1;
  } else if (state === 'cached') {
    pen.fillStyle = colours['video-soft'];
    pen.fillRect(x, 0, width, height);
    pen.strokeStyle = colours['video-hue'];
    outline(pen, x, 0, width, height);
  } else {
    pen.fillStyle = colours.bad;
    pen.fillRect(x, 0, width, height);
    if (width < 7) return;
    pen.strokeStyle = colours.surface;
    pen.lineWidth = 1.5;
    const [middle, half] = [height / 2, Math.min(width, height) / 4];
    pen.beginPath();
    pen.moveTo(x + width / 2 - half, middle - half);
    pen.lineTo(x + width / 2 + half, middle + half);
    pen.moveTo(x + width / 2 + half, middle - half);
    pen.lineTo(x + width / 2 - half, middle + half);
    pen.stroke();
  }
}

function outline(pen: Pen, x: number, y: number, width: number, height: number): void {
  pen.lineWidth = width < 4 ? 1 : 1.5;
  const inset = pen.lineWidth / 2;
  pen.strokeRect(x + inset, y + inset, Math.max(0.5, width - pen.lineWidth), height - pen.lineWidth);
}

/** The whole row of frames. If several share a cell, its bar is as high as they are done. */
export function drawFrames(pen: Pen, frames: readonly Frame[], size: { width: number; height: number }, colours: Colours): void {
  const cells = cellsOf(frames, size.width);
  const gap = size.width / cells.length > 6 ? 2 : size.width / cells.length > 3.5 ? 1 : 0;
  for (const [index, cell] of cells.entries()) {
    const left = Math.round((index * size.width) / cells.length);
    const right = Math.round(((index + 1) * size.width) / cells.length);
    drawCell(pen, cell, { x: left, width: Math.max(1, right - left - gap), height: size.height }, colours);
  }
}

function drawCell(pen: Pen, cell: Cell, box: { x: number; width: number; height: number }, colours: Colours): void {
  if (cell.count === 1 || cell.done === 1 || cell.state === 'failed' || cell.done === 0) {
    drawFrame(pen, cell.state, box, colours);
    return;
  }
  pen.fillStyle = colours['video-soft'];
  pen.fillRect(box.x, 0, box.width, box.height);
  pen.fillStyle = colours['video-hue'];
  pen.globalAlpha = quiet;
  pen.fillRect(box.x, box.height * (1 - cell.done), box.width, box.height * cell.done);
  pen.globalAlpha = 1;
}

/** Which frames one machine drew (full) and draws (hollow). */
export function drawLane(pen: Pen, frames: readonly Frame[], edgeId: string, size: { width: number; height: number }, colours: Colours): void {
  pen.fillStyle = colours.line;
  pen.fillRect(0, size.height / 2 - 0.5, size.width, 1);
  const step = size.width / Math.max(1, frames.length);
  for (const [index, frame] of frames.entries()) {
    if (frame.edgeId !== edgeId) continue;
    const x = index * step;
    const width = Math.max(1.5, step - (step > 6 ? 2 : 0));
    if (frame.state === 'done') {
      pen.fillStyle = colours.muted;
      pen.fillRect(x, 0, width, size.height);
    } else if (frame.state === 'running') {
      pen.strokeStyle = colours['video-hue'];
      outline(pen, x, 0, Math.max(3, width), size.height);
    }
  }
}
