import { AtelierError } from '@atelier/protocol';
import { createScheduler } from './create-scheduler.ts';
import { type Scheduler, weightedSum } from './scheduler.ts';

/**
 * How often each step is looked for. Once is plain DDIM inversion, which takes the network's answer for the sample after the step in place
 * of the sample before it; each further time closes most of the gap that this leaves.
 */
const roundsPerStep = 3;

/** An inversion of fewer steps is too coarse to find its way; a walk of fewer steps than these is inverted with these. */
const fewestSteps = 20;

/**
 * DDIM backwards, from a clean sample to the noise that deterministic DDIM would make it of: Song et al., arXiv 2010.02502, section 4.3, as Mokady et al.,
 * arXiv 2211.09794, use it at a guidance scale of 1. Each step solves x' = a x + b f(x) for x by fixed-point iteration (Pan et al., "Effective real image
 * editing with accelerated iterative diffusion inversion", ICCV 2023) instead of taking f(x') for f(x).
 *
 * It has the form of a scheduler, so that `denoise` runs it: begun with a clean sample, its "result" is the noise.
 * @param json a parsed scheduler_config.json; clipping, which cannot be undone, is left out
 * @throws AtelierError `invalid-input` if the model's schedule cannot be walked back
 */
export function ddimInversion(json: unknown, steps: number): Scheduler {
  const forwards = createScheduler('ddim', { ...(json as object), clip_sample: false }, Math.max(fewestSteps, steps));
  const last = forwards.timesteps.length - 1;
  const parts = forwards.timesteps.map((_, index) => stepParts(forwards, index));
  const stepOf = (index: number) => last - Math.floor(index / roundsPerStep);
  let after: Float32Array = new Float32Array();
  return {
    timesteps: Array.from({ length: forwards.timesteps.length * roundsPerStep }, (_, index) => forwards.timesteps[stepOf(index)] as number),
    trainTimesteps: forwards.trainTimesteps,
    initialNoiseScale: 1,
    scaleInput: (sample, index) => forwards.scaleInput(sample, stepOf(index)),
    step: (prediction, index, sample) => {
      if (index % roundsPerStep === 0) after = sample;
      const { ofSample, ofPrediction } = parts[stepOf(index)] as StepParts;
      const before = weightedSum(1 / ofSample, after, -ofPrediction / ofSample, prediction);
      return { sample: before, clean: after };
    },
    addNoise: (clean) => clean,
  };
}

interface StepParts {
  readonly ofSample: number;
  readonly ofPrediction: number;
}

/** A step of DDIM is a sum of the sample and the network's answer; asked with a one for each, it tells their weights. */
function stepParts(scheduler: Scheduler, index: number): StepParts {
  const at = (prediction: number, sample: number) => scheduler.step(Float32Array.of(prediction), index, Float32Array.of(sample)).sample[0] as number;
  const ofSample = at(0, 1);
  if (Math.abs(ofSample) < 1e-3) {
    throw new AtelierError('invalid-input', "This model's schedule keeps nothing of an image in its noise, so a walk cannot begin with an image.", {
      hint: 'Take prompts as keyframes, or another model.',
    });
  }
  return { ofSample, ofPrediction: at(1, 0) };
}
