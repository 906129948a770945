import { AtelierError } from '@atelier/protocol';
import type { DiffusionModel } from './model.ts';
import { areFinite, type FloatTensor, floatOutput, floatTensor, modelHint } from './tensor.ts';

/**
 * Pictures to scaled latents. An encoder that gives mean and variance is taken at its mean, so that a picture has one latent.
 * The last few pictures are remembered.
 * @param pictures shape B x 3 x height x width, -1 to 1
 * @throws AtelierError `invalid-input` if the model has no encoder, `step-failed` if it computes no numbers
 */
export function encodePictures(model: DiffusionModel, pictures: FloatTensor): Promise<FloatTensor> {
  return model.memory.encoded.get(pictures.shape.join(), [pictures.data], () => encode(model, pictures));
}

async function encode({ vaeEncoder, config }: DiffusionModel, pictures: FloatTensor): Promise<FloatTensor> {
  if (vaeEncoder === undefined)
    throw new AtelierError('invalid-input', 'This model has no vae_encoder, so it cannot begin with an image.', { hint: modelHint });
  const session = await vaeEncoder();
  const latent = floatOutput(session, await session.run({ [session.inputNames[0] ?? 'sample']: pictures }), 'latent_sample');
  refuseNotANumber(latent.data);
  const [batch = 1, channels = 1, height = 1, width = 1] = latent.shape;
  const own = config.latentChannels * height * width;
  const data = new Float32Array(batch * own);
  for (let row = 0; row < batch; row++) {
    const from = row * channels * height * width;
    for (let i = 0; i < own; i++) data[row * own + i] = ((latent.data[from + i] as number) - config.shiftFactor) * config.scalingFactor;
  }
  return floatTensor([batch, config.latentChannels, height, width], data);
}

/**
 * Scaled latents to pictures.
 * @returns shape B x 3 x height x width, about -1 to 1
 * @throws AtelierError `step-failed` if the result holds values that are no numbers
 */
export async function decodeLatents({ vaeDecoder, config }: DiffusionModel, latents: FloatTensor): Promise<FloatTensor> {
  const session = await vaeDecoder();
  const unscaled = floatTensor(
    latents.shape,
    latents.data.map((value) => value / config.scalingFactor + config.shiftFactor),
  );
  const pictures = floatOutput(session, await session.run({ [session.inputNames[0] ?? 'latent_sample']: unscaled }), 'sample');
  refuseNotANumber(pictures.data);
  return pictures;
}

/** @throws AtelierError `step-failed` */
export function refuseNotANumber(values: Float32Array): void {
  if (areFinite(values)) return;
  throw new AtelierError('step-failed', 'The model computed values that are not numbers, so there is no image.', {
    hint: 'Lower the guidance scale or choose another scheduler; a model exported in half precision may overflow: export it in float32.',
  });
}
