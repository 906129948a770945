import { decodeLatents, refuseNotANumber } from './autoencoder.ts';
import { denoise } from './denoise.ts';
import { type Guidance, isGuided } from './guidance.ts';
import { channelsForNothing } from './inpainting-channels.ts';
import type { DiffusionModel, TextModel } from './model.ts';
import { noiseBetween, type PictureNoise, seededNoise } from './noise.ts';
import { learnPreview, previewOf, type RgbPicture } from './preview.ts';
import { createScheduler, type Scheduler, type SchedulerName, type SchedulerStep, type StepNoise, schedulerFor, stepAtShare } from './scheduler/index.ts';
import { elementCount, type FloatTensor, floatTensor } from './tensor.ts';
import { emptyCondition } from './text-condition.ts';
import { textConditions } from './text-states.ts';

/** What every pipeline is asked for. */
export interface PictureRequest {
  /** With weights, see `parsePrompt`. */
  readonly prompt: string;
  readonly negativePrompt: string;
  readonly steps: number;
  readonly guidanceScale: number;
  readonly guidanceRescale?: number;
  /** `auto` is the one that the model names as its own. */
  readonly scheduler: SchedulerName | 'auto';
  readonly sigmas?: 'model' | 'karras';
  /** Whole number of 32 bits: the same seed gives the same picture. */
  readonly seed: number;
  /** Turns the noise of the seed towards that of this one, by `variationStrength` from 0 to 1. */
  readonly variationSeed?: number | undefined;
  readonly variationStrength?: number;
  /** Standard normal noise to begin with, instead of the seed's. Shape 1 x channels x height x width of the latent. */
  readonly noise?: FloatTensor;
  /** Noise for the steps that ask for some, instead of the seed's. */
  readonly stepNoise?: StepNoise;
  /** What guides the drawing, instead of the prompts. Asked for each model that draws: a refiner has text encoders of its own. */
  readonly guidance?: (model: TextModel) => Promise<Guidance>;
}

export interface PictureWatcher {
  onStep(done: number, steps: number): void;
  onPreview(picture: RgbPicture): void;
}

export interface Drawn {
  /** Scaled, shape 1 x channels x height x width. */
  readonly latent: FloatTensor;
  /** Shape 1 x 3 x height x width, about -1 to 1. */
  readonly picture: FloatTensor;
}

/** How a pipeline begins, and what else it does on the way. */
export interface Beginning {
  readonly firstStep: number;
  readonly sample: Float32Array;
  readonly shown?: FloatTensor;
  readonly afterStep?: (sample: Float32Array, index: number) => Float32Array;
}

/** A preview this often, in steps: about five for a common picture. */
const stepsPerPreview = 4;

/**
 * Draws one picture: what text-to-image, image-to-image and inpainting share.
 * @param shape of the latent
 * @param begin how the pipeline begins, given the scheduler and the noise
 * @throws AtelierError `invalid-input` for a prompt or scheduler that cannot be used, `step-failed` if the model computes no numbers
 */
export async function drawPicture(
  model: DiffusionModel,
  request: PictureRequest,
  shape: readonly number[],
  begin: (scheduler: Scheduler, noise: PictureNoise) => Beginning,
  watcher?: PictureWatcher,
): Promise<Drawn> {
  const name = schedulerFor(request.scheduler, model.config.scheduler);
  const scheduler = createScheduler(name, model.config.scheduler, request.steps, schedulerOptions(request));
  const noise = noiseOf(request, elementCount(shape));
  const beginning = begin(scheduler, noise);
  const onStep = stepWatcher(model, shape, request.steps - beginning.firstStep, watcher);
  const whole = model.config.unetChannels > model.config.latentChannels ? await channelsForNothing(model, shape) : undefined;
  const common = { ...beginning, ...(whole === undefined ? {} : { shown: beginning.shown ?? whole }), stepNoise: noise.step };
  const { refiner } = model;
  const endStep = refiner === undefined ? scheduler.timesteps.length : Math.max(beginning.firstStep, stepAtShare(scheduler, refiner.from));
  const guidance = await (request.guidance?.(model) ?? guidanceOf(model, request));
  let latent = await denoise(model, floatTensor(shape, beginning.sample), { ...common, scheduler, guidance, endStep, onStep });
  if (refiner !== undefined)
    latent = await refine(refiner, latent, { request, name, firstStep: endStep, common, onStep, before: endStep - beginning.firstStep });
  refuseNotANumber(latent.data);
  const picture = await decodeLatents(model, latent);
  learnPreview(model, latent, picture);
  return { latent, picture };
}

interface Handover {
  readonly request: PictureRequest;
  readonly name: SchedulerName;
  readonly firstStep: number;
  readonly common: Pick<Beginning, 'afterStep'> & { readonly stepNoise: StepNoise };
  /** Steps that were taken before. */
  readonly before: number;
  readonly onStep: (done: number, step: SchedulerStep) => Promise<void>;
}

/** The last steps, by the refiner: it goes on from the sample as the first model left it, on its own schedule. */
async function refine(refiner: NonNullable<DiffusionModel['refiner']>, sample: FloatTensor, handover: Handover): Promise<FloatTensor> {
  const { model } = refiner;
  const { request, common, before, onStep } = handover;
  const scheduler = createScheduler(handover.name, model.config.scheduler, request.steps, schedulerOptions(request));
  return denoise(model, sample, {
    ...common,
    scheduler,
    guidance: await (request.guidance?.(model) ?? guidanceOf(model, request)),
    firstStep: handover.firstStep,
    onStep: (done, step) => onStep(before + done, step),
  });
}

function schedulerOptions({ sigmas }: PictureRequest): { readonly sigmas?: 'model' | 'karras' } {
  return sigmas === undefined ? {} : { sigmas };
}

/** The noise of a request: given, of its seed, or of its seed turned towards another's. */
function noiseOf(request: PictureRequest, length: number): PictureNoise {
  const { variationSeed, variationStrength = 0 } = request;
  const own = seededNoise(request.seed, length);
  const seeded = variationSeed === undefined ? own : noiseBetween(own, seededNoise(variationSeed, length), variationStrength);
  return { start: request.noise?.data ?? seeded.start, step: request.stepNoise ?? seeded.step };
}

/** What a prompt and a negative prompt tell a model. Without guidance the negative prompt is not even read. */
export async function guidanceOf(
  model: TextModel,
  request: Pick<PictureRequest, 'prompt' | 'negativePrompt' | 'guidanceScale' | 'guidanceRescale'>,
): Promise<Guidance> {
  const { prompt, negativePrompt, guidanceScale: scale, guidanceRescale: rescale = 0 } = request;
  if (!isGuided(model, { scale })) {
    const [only] = await textConditions(model, [prompt]);
    if (only !== undefined) return { positive: only, negative: only, scale, rescale };
  }
  const [positive, negative] = (await textConditions(model, [prompt, negativePrompt])) as [Guidance['positive'], Guidance['negative']];
  const isNothing = negativePrompt === '' && model.config.zerosForEmpty;
  return { positive, negative: isNothing ? emptyCondition(negative) : negative, scale, rescale };
}

function stepWatcher(model: DiffusionModel, shape: readonly number[], steps: number, watcher: PictureWatcher | undefined) {
  return async (done: number, { clean }: SchedulerStep): Promise<void> => {
    watcher?.onStep(done, steps);
    if (watcher === undefined || done % stepsPerPreview !== 0 || done === steps) return;
    watcher.onPreview(await previewOf(model, floatTensor(shape, clean)));
  };
}
