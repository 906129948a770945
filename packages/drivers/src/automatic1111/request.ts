import { readFile } from 'node:fs/promises';
import { encodePng, type RgbPicture, readMask, readPicture } from '@atelier/media';
import { imageToImage, inpainting, type ParametersOf, parametersOf, seedsOfShard, textToImage } from '@atelier/protocol';
import type { StepRequest } from '../driver.ts';
import { inputFile, inputText } from '../step-files.ts';

/** Of whichever of the three tasks it is. */
type PictureParameters = Partial<ParametersOf<typeof textToImage> & ParametersOf<typeof imageToImage> & ParametersOf<typeof inpainting>>;

/** The web UI's own names of the methods. auto leaves the choice to it. */
const samplers: Readonly<Record<string, string>> = {
  ddim: 'DDIM',
  euler: 'Euler',
  'euler-ancestral': 'Euler a',
  'dpmpp-2m': 'DPM++ 2M',
  unipc: 'UniPC',
  lcm: 'LCM',
};

/** The body of `txt2img` for a step, or with a picture of `img2img`. */
export async function bodyOf(request: StepRequest, { taskId, checkpoint, extra }: { taskId: string; checkpoint: string | undefined; extra: object }) {
  const given: PictureParameters = parametersOf(request, textToImage, imageToImage, inpainting);
  const { seed, variationSeed } = seedsOfShard(request.parameters, request.shard);
  const sampler = samplers[given.scheduler ?? 'auto'];
  return {
    prompt: await inputText(request, 'prompt'),
    negative_prompt: given.negativePrompt,
    steps: given.steps,
    cfg_scale: given.guidanceScale,
    seed,
    ...(variationSeed === undefined ? {} : { subseed: variationSeed, subseed_strength: given.variationStrength }),
    ...(sampler === undefined ? {} : { sampler_name: sampler }),
    ...(given.sigmas === 'karras' ? { scheduler: 'Karras' } : {}),
    ...(given.width === undefined ? {} : { width: given.width }),
    ...(given.height === undefined ? {} : { height: given.height }),
    batch_size: 1,
    n_iter: 1,
    send_images: true,
    save_images: false,
    force_task_id: taskId,
    ...(checkpoint === undefined ? {} : { override_settings: { sd_model_checkpoint: checkpoint } }),
    ...(request.inputs.image === undefined ? {} : await pictureFields(request, given)),
    ...extra,
  };
}

/** Without a size of its own the result has the picture's, on the web UI's grid of 8 pixels. */
async function pictureFields(request: StepRequest, given: PictureParameters) {
  const bytes = await readFile(inputFile(request, 'image').path);
  const picture = await readPicture(bytes);
  const onGrid = (side: number) => Math.max(64, Math.round(side / 8) * 8);
  return {
    init_images: [bytes.toString('base64')],
    denoising_strength: given.strength,
    /** Crop and resize. */
    resize_mode: 1,
    width: given.width ?? onGrid(picture.width),
    height: given.height ?? onGrid(picture.height),
    ...(request.task.name === 'inpainting' ? await maskFields(request, given, picture) : {}),
  };
}

async function maskFields(request: StepRequest, given: PictureParameters, picture: RgbPicture) {
  const mask = await encodePng(await readMask(await readFile(inputFile(request, 'mask').path), picture));
  /** The fill is the picture itself, over the whole picture rather than the masked part alone. */
  return { mask: Buffer.from(mask).toString('base64'), mask_blur: given.maskBlur, inpainting_fill: 1, inpaint_full_res: false, inpainting_mask_invert: 0 };
}
