import { AtelierError, findTask, limits, parseParameters } from '@atelier/protocol';
import { keyframesOf, type WalkForm } from './walk-form.ts';

/** What is wrong with a form, and beside which of its parts that is said. */
export interface WalkProblem {
  /** A keyframe by its number from 0, a parameter by its name, or the whole. */
  readonly place: { readonly keyframe: number } | { readonly parameter: string; readonly of: 'walk' | 'film' } | 'whole';
  readonly message: string;
  readonly hint?: string | undefined;
}

/** The first thing that is wrong, as the task itself sees it, or null. The coordinator looks again; this only answers at once. */
export function problemOf(form: WalkForm): WalkProblem | null {
  const silent = form.keyframes.findIndex(({ prompt, picture }) => prompt.trim() === '' && !picture);
  if (silent >= 0) return { place: { keyframe: silent }, message: 'Enter a prompt or add an image.' };
  if (form.keyframes.length > limits.walkKeyframes) return { place: 'whole', message: `A walk has at most ${limits.walkKeyframes} keyframes.` };
  return asked(() => {
    parseParameters(findTask('latent-walk'), { ...form.walk, keyframes: keyframesOf(form) }, 'walk');
    parseParameters(findTask('frames-to-video'), { ...form.film }, 'film');
  });
}

function asked(look: () => void): WalkProblem | null {
  try {
    look();
    return null;
  } catch (thrown) {
    return placed(thrown);
  }
}

/** Where an error of the task or of the coordinator belongs: it names a step's parameter, or a keyframe by its number. */
export function placed(thrown: unknown): WalkProblem {
  const { message, hint } = AtelierError.from(thrown);
  const said = { message, ...(hint === undefined ? {} : { hint }) };
  const named = /^(walk|film)\.(\w+)(?:\.(\d+))?/.exec(message);
  if (named?.[2] === 'keyframes' && named[3] !== undefined) return { place: { keyframe: Number(named[3]) }, ...said };
  const numbered = /^Keyframe (\d+)\b/.exec(message);
  if (numbered) return { place: { keyframe: Number(numbered[1]) - 1 }, ...said };
  if (named && named[2] !== 'keyframes') return { place: { parameter: named[2] as string, of: named[1] as 'walk' | 'film' }, ...said };
  if (/\bframes\b.*(too few|but frames says)|frames are too few/.test(message)) return { place: { parameter: 'frames', of: 'walk' }, ...said };
  return { place: 'whole', ...said };
}
