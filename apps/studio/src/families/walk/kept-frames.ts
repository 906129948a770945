import { findTask, type InputHashes, parseParameters, segmentFrames, shardCount, shardKey } from '@atelier/protocol';
import { type KeyframeDraft, keyframe, keyframesOf, picturesOf, type WalkForm } from './walk-form.ts';

const task = findTask('latent-walk');

/** The task's parameters with all defaults. @throws AtelierError if they do not fit together */
function parametersOf(form: WalkForm): Record<string, unknown> {
  return parseParameters(task, { ...form.walk, keyframes: keyframesOf(form) });
}

function hashesOf(form: WalkForm): InputHashes {
  return {
    pictures: picturesOf(form).map(({ hash, outputId }) => hash ?? outputId),
    ...(form.track ? { audio: [form.track.hash ?? form.track.outputId] } : {}),
  };
}

const keysOf = (form: WalkForm) => {
  const [parameters, hashes] = [parametersOf(form), hashesOf(form)];
  return Array.from({ length: shardCount(task, parameters) }, (_, frame) => JSON.stringify(shardKey(task, parameters, frame, hashes)));
};

/**
 * How many frames of a changed walk are frames of the one before, and so need not be drawn again. The task itself decides
 * when two frames are the same; on another model none is.
 * @param done which frames of the walk before are finished
 * @returns null if the changed form does not fit together yet
 */
export function keptFrames(before: WalkForm, done: (frame: number) => boolean, after: WalkForm): { kept: number; of: number } | null {
  try {
    const wanted = keysOf(after);
    const known = new Set(keysOf(before).filter((_, frame) => done(frame)));
    const same = before.model === after.model || after.model === undefined;
    return { kept: same ? wanted.filter((key) => known.has(key)).length : 0, of: wanted.length };
  } catch {
    return null;
  }
}

const lastOf = <T>(values: readonly T[]) => values[values.length - 1] as T;

/** The walk with a keyframe more at its end. All segments keep their frames, so that only the new one is drawn. */
export function withKeyframe(form: WalkForm, added: KeyframeDraft = keyframe()): WalkForm {
  const parameters = parametersOf(form) as { frames: number; loop: boolean };
  const segments = segmentFrames({ ...parameters, keyframes: keyframesOf(form) });
  const usual = Math.max(1, Math.round(segments.reduce((sum, count) => sum + count, 0) / segments.length));
  const counts = parameters.loop ? [...segments, lastOf(segments)] : [...segments, usual];
  const keyframes = [...form.keyframes, added].map((one, index) => ({ ...one, frames: counts[index] }));
  return { ...form, keyframes, walk: { ...form.walk, frames: counts.reduce((sum, count) => sum + count, 0) + (parameters.loop ? 0 : 1) } };
}

/** The walk with one frame more between each two, so that every frame stands as it is and the walk takes twice as long. */
export function twiceAsFine(form: WalkForm): WalkForm {
  const parameters = parametersOf(form) as { frames: number; loop: boolean };
  const segments = segmentFrames({ ...parameters, keyframes: keyframesOf(form) });
  const keyframes = form.keyframes.map((one, index) => ({ ...one, frames: segments[index] === undefined ? undefined : segments[index] * 2 }));
  return { ...form, keyframes, walk: { ...form.walk, frames: segments.reduce((sum, count) => sum + count * 2, 0) + (parameters.loop ? 0 : 1) } };
}
