/**
 * Latent walks: the frame at any place between two keyframes, each a prompt or a picture, and the pace that a track sets.
 * Not here: which frame lies where (framePlace of @atelier/protocol), files, and films.
 * Begin with walk-frame.ts, then place.ts; pace.ts from a track to places.
 */
export { WalkMemory, type WalkPicture, type WalkPoint } from './keyframe-place.ts';
export { type OnsetCurve, pacedFrame, paceOf } from './pace.ts';
export type { WalkDrawing } from './place.ts';
export { drawWalkFrame, type WalkFrameRequest, type WalkFrameWatcher } from './walk-frame.ts';
