import { dabDiameter, type MaskDeed, type MaskHistory, type MaskPoint, standing } from './mask-history.ts';

type Pen = CanvasRenderingContext2D | OffscreenCanvasRenderingContext2D;

/** Draws a whole history again: opaque where the picture is to be redrawn, transparent elsewhere. */
export function drawHistory(pen: Pen, history: MaskHistory): void {
  pen.globalCompositeOperation = 'source-over';
  pen.clearRect(0, 0, pen.canvas.width, pen.canvas.height);
  for (const deed of standing(history)) drawDeed(pen, deed);
}

function drawDeed(pen: Pen, deed: MaskDeed): void {
  if (deed.kind === 'stroke') drawStroke(pen, deed);
  else if (deed.kind === 'invert') fill(pen, 'source-out', '#fff');
}

/** Draws a stroke, or the end of one from its point number `from`. */
export function drawStroke(pen: Pen, { erase, diameter, points }: Extract<MaskDeed, { kind: 'stroke' }>, from = 0): void {
  pen.globalCompositeOperation = erase ? 'destination-out' : 'source-over';
  pen.strokeStyle = '#fff';
  pen.fillStyle = '#fff';
  pen.lineCap = 'round';
  pen.lineJoin = 'round';
  for (let index = from; index < points.length; index += 1) dab(pen, diameter, points[index - 1], points[index] as MaskPoint);
}

function dab(pen: Pen, diameter: number, before: MaskPoint | undefined, point: MaskPoint): void {
  const width = dabDiameter(diameter, point.pressure);
  pen.beginPath();
  if (before && (before.x !== point.x || before.y !== point.y)) {
    pen.lineWidth = width;
    pen.moveTo(before.x, before.y);
    pen.lineTo(point.x, point.y);
    pen.stroke();
    return;
  }
  pen.arc(point.x, point.y, width / 2, 0, 2 * Math.PI);
  pen.fill();
}

function fill(pen: Pen, operation: GlobalCompositeOperation, colour: string): void {
  pen.globalCompositeOperation = operation;
  pen.fillStyle = colour;
  pen.fillRect(0, 0, pen.canvas.width, pen.canvas.height);
}

/** A mask as inpainting reads it: a PNG of the picture's size, white where it is redrawn, black elsewhere. */
export async function maskFile(history: MaskHistory, width: number, height: number): Promise<File> {
  const canvas = new OffscreenCanvas(width, height);
  const pen = canvas.getContext('2d') as OffscreenCanvasRenderingContext2D;
  drawHistory(pen, history);
  fill(pen, 'destination-over', '#000');
  return new File([await canvas.convertToBlob({ type: 'image/png' })], 'mask.png', { type: 'image/png' });
}
