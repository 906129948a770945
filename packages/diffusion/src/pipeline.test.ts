import { expect, test } from 'vitest';
import { computedSession } from './computed-session.test-support.ts';
import { tensorSessionPromises } from './conformance.ts';
import { checkUnet } from './denoise.ts';
import { animatePicture, meanDifference } from './image-to-video.ts';
import { createModelMemory } from './memory.ts';
import type { DiffusionModel } from './model.ts';
import { parseDiffusionConfig, tokensAtOnce } from './model-config.ts';
import { cumulativeAlphas, parseSchedulerConfig } from './scheduler/index.ts';
import { type FloatTensor, floatTensor, type TensorSession, type TensorSpec } from './tensor.ts';
import { losesTail, textConditions } from './text-states.ts';
import { drawText } from './text-to-image.ts';

const side = 4;
const maxTokens = 6;
const scheduler = {
  beta_schedule: 'scaled_linear',
  beta_start: 0.00085,
  beta_end: 0.012,
  prediction_type: 'v_prediction',
  rescale_betas_zero_snr: true,
  timestep_spacing: 'trailing',
  clip_sample: false,
};

/**
 * A model whose unet is always right: it knows that every picture of a text is plain, of the value that the text's first token names in tenths.
 * Its autoencoder halves and doubles values, one latent pixel a pixel.
 */
function plainModel(options: { timestep?: TensorSpec; nan?: boolean; tokens?: string; onText?: () => void } = {}): DiffusionModel {
  const alphas = cumulativeAlphas(parseSchedulerConfig('ddim', scheduler));
  const spec = (type: TensorSpec['type'], ...shape: (number | string)[]): TensorSpec => ({ type, shape });
  const text = computedSession(
    { input_ids: spec('int32', 'batch', maxTokens), attention_mask: spec('int64', 'batch', maxTokens) },
    ['last_hidden_state'],
    ({ input_ids }) => {
      options.onText?.();
      return { last_hidden_state: floatTensor([1, maxTokens, 1], Float32Array.from(input_ids?.data as Int32Array)) };
    },
  );
  const unet = computedSession(
    {
      sample: spec('float32', 'batch', 3, 'height', 'width'),
      timestep: options.timestep ?? spec('int64', 'batch'),
      encoder_hidden_states: spec('float32', 'batch', options.tokens ?? maxTokens, 1),
    },
    ['out_sample'],
    ({ sample, timestep, encoder_hidden_states }) => {
      const { data, shape } = sample as FloatTensor;
      const alpha = Math.max(alphas[Number(timestep?.data[0])] as number, 1e-9);
      const row = data.length / (shape[0] as number);
      const v = data.map((value, i) => {
        const clean = Number(encoder_hidden_states?.data[Math.floor(i / row) * maxTokens + 1]) / 10;
        const noise = (value - Math.sqrt(alpha) * clean) / Math.sqrt(1 - alpha);
        return options.nan ? Number.NaN : Math.sqrt(alpha) * noise - Math.sqrt(1 - alpha) * clean;
      });
      return { out_sample: floatTensor(shape, v) };
    },
  );
  const scaled = (name: string, factor: number) =>
    computedSession({ [name]: spec('float32', 'batch', 3, 'height', 'width') }, ['out'], (given) => {
      const { shape, data } = given[name] as FloatTensor;
      return {
        out: floatTensor(
          shape,
          data.map((value) => value * factor),
        ),
      };
    });
  const config = parseDiffusionConfig({
    unet: { in_channels: 3, sample_size: side },
    vae: {
      latent_channels: 3,
      scaling_factor: 1,
      sample_size: side,
      latent_rgb: {
        weight: [
          [1, 0, 0],
          [0, 1, 0],
          [0, 0, 1],
        ],
        bias: [0, 0, 0],
      },
    },
    scheduler,
  });
  const tokenizer = { encode: (words: string) => words.split(' ').filter(Boolean).map(Number), starts: [101], ends: [102], padId: 0 };
  const lazy = (session: TensorSession) => async () => session;
  return {
    config,
    textEncoders: [{ session: lazy(text), tokenizer, maxTokens, layer: 'last' }],
    unet: lazy(unet),
    vaeEncoder: lazy(scaled('sample', 0.5)),
    vaeDecoder: lazy(scaled('latent_sample', 2)),
    refiner: undefined,
    memory: createModelMemory(),
  };
}

const request = { prompt: '3', negativePrompt: '1', steps: 10, guidanceScale: 1, scheduler: 'ddim', seed: 5 } as const;

for (const { name, check } of tensorSessionPromises(async () =>
  computedSession(
    { left: { type: 'float32', shape: ['n', 3] }, right: { type: 'float32', shape: ['n', 3] }, count: { type: 'int64', shape: ['n'] } },
    ['sum', 'same'],
    ({ left, right, count }) => ({
      sum: floatTensor(
        left?.shape ?? [],
        (left as FloatTensor).data.map((value, i) => value + Number(right?.data[i])),
      ),
      same: count as never,
    }),
  ),
))
  test(`a computed session ${name}`, check);

test.each(['ddim', 'euler'] as const)('%s with a network that is right draws exactly what the text says', async (name) => {
  const { picture } = await drawText(plainModel(), { ...request, scheduler: name });
  for (const value of picture.data) expect(value).toBeCloseTo(0.6, 2);
});

test('guidance goes beyond the text, away from the negative prompt', async () => {
  const { picture } = await drawText(plainModel(), { ...request, guidanceScale: 2 });
  for (const value of picture.data) expect(value).toBeCloseTo(2 * (0.1 + 2 * (0.3 - 0.1)), 3);
});

test.each([[[]], [[1]], [['steps']]] as const)('a graph that takes its timestep in the shape %j is served', async (shape) => {
  const { picture } = await drawText(plainModel({ timestep: { type: 'int64', shape: [...shape] } }), { ...request, guidanceScale: 2 });
  expect(picture.data[0]).toBeCloseTo(1, 3);
});

test('each step is told, and a preview every four', async () => {
  const told: number[] = [];
  const previews: number[][] = [];
  await drawText(plainModel(), request, { onStep: (done) => told.push(done), onPreview: ({ data }) => previews.push([...data.subarray(0, 3)]) });
  expect(told).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
  expect(previews).toEqual([
    [166, 166, 166],
    [166, 166, 166],
  ]);
});

test('values that are not numbers end the step with a hint', async () => {
  await expect(drawText(plainModel({ nan: true }), request)).rejects.toMatchObject({ code: 'step-failed', hint: expect.stringMatching(/guidance/) });
});

test('a larger picture is drawn where the graph leaves its size open, in whole latent pixels', async () => {
  const { picture } = await drawText(plainModel(), { ...request, width: 8, height: 12 });
  expect(picture.shape).toEqual([1, 3, 12, 8]);
});

test('a text beyond the encoder goes through it in chunks, the other prompt is filled up to as many, and padding is masked', async () => {
  const told = await textConditions(plainModel({ tokens: 'sequence' }), ['1 2 3 4 5 6 7 8 9', '1']);
  expect(told.map(({ states }) => states.shape)).toEqual([
    [1, 3 * maxTokens, 1],
    [1, 3 * maxTokens, 1],
  ]);
  expect([...(told[0]?.states.data ?? [])]).toEqual([101, 1, 2, 3, 4, 102, 101, 5, 6, 7, 8, 102, 101, 9, 102, 0, 0, 0]);
  expect([...(told[1]?.states.data ?? [])]).toEqual([101, 1, 102, 0, 0, 0, 101, 102, 0, 0, 0, 0, 101, 102, 0, 0, 0, 0]);
});

test('where the unet reads a fixed number of tokens, a text that is too long loses its tail but keeps its end', async () => {
  const model = plainModel();
  const [told] = await textConditions(model, ['1 2 3 4 5 6 7 8']);
  expect([...(told?.states.data ?? [])]).toEqual([101, 1, 2, 3, 4, 102]);
  expect([await losesTail(model, '1 2 3 4 5'), await losesTail(model, '1 2 3 4')]).toEqual([true, false]);
});

test('a text is encoded once, whichever prompts stand beside it', async () => {
  let runs = 0;
  const model = plainModel({ onText: () => runs++ });
  await textConditions(model, ['1', '2']);
  await textConditions(model, ['2', '(3:1.2)', '1']);
  expect(runs).toBe(3);
});

test('a unet that asks for more than text states is refused by the name of what it asks for', () => {
  const unet = computedSession(
    {
      sample: { type: 'float32', shape: [] },
      timestep: { type: 'int64', shape: [] },
      encoder_hidden_states: { type: 'float32', shape: [] },
      mid_block_residual: { type: 'float32', shape: [] },
    },
    [],
    () => ({}),
  );
  expect(() => checkUnet(unet)).toThrow(/mid_block_residual/);
});

test('a configuration that lacks a field is refused with the name of file and field', () => {
  expect(() => parseDiffusionConfig({ unet: { in_channels: 4 }, vae: {}, scheduler: {} })).toThrow(/unet\/config.json: sample_size/);
  expect(() => parseDiffusionConfig({ unet: { in_channels: 5, sample_size: 64 }, vae: {}, scheduler: {} })).toThrow(/5 channels/);
  expect(() => tokensAtOnce('text_encoder_2', { max_position_embeddings: 0 }, {})).toThrow(/text_encoder_2\/config.json: max_position_embeddings/);
});

test('Stable Diffusion 1.5, as its files describe it, has 77 tokens and 8 pixels to a latent pixel', () => {
  const vae = { latent_channels: 4, sample_size: 512, block_out_channels: [128, 256, 512, 512] };
  const config = parseDiffusionConfig({ unet: { in_channels: 4, sample_size: 64, block_out_channels: [320, 640, 1280, 1280] }, vae, scheduler: {} });
  expect(tokensAtOnce('text_encoder', { max_position_embeddings: 77 }, { model_max_length: 77 })).toBe(77);
  expect(config).toMatchObject({ pixelsPerLatent: 8, scalingFactor: 0.18215, latentSize: 64, latentMultiple: 8 });
});

test('a tiny autoencoder scales nothing, and one that says so does as it says', () => {
  const vae = { _class_name: 'AutoencoderTiny', latent_channels: 4, block_out_channels: [64, 64, 64, 64] };
  const unet = { in_channels: 4, sample_size: 64 };
  expect(parseDiffusionConfig({ unet, vae, scheduler: {} })).toMatchObject({ scalingFactor: 1, shiftFactor: 0, pixelsPerLatent: 8 });
  expect(parseDiffusionConfig({ unet, vae: { ...vae, scaling_factor: 0.5 }, scheduler: {} })).toMatchObject({ scalingFactor: 0.5 });
});

test('a film has its frames in order, tells its progress up to 1, and comes out as the text says', async () => {
  const picture = floatTensor([1, 3, side, side], new Float32Array(3 * side * side).fill(0.2));
  const shares: number[] = [];
  const frames: FloatTensor[] = [];
  const options = { prompt: '3', frames: 70, strength: 0.4, radius: 0.5, steps: 10, guidanceScale: 1, scheduler: 'ddim', seed: 1 } as const;
  for await (const frame of animatePicture(plainModel(), picture, options, (share) => shares.push(share))) frames.push(frame);
  expect(frames).toHaveLength(70);
  expect(shares).toEqual([...shares].sort((a, b) => a - b));
  expect(shares.at(-1)).toBeCloseTo(1, 6);
  expect(meanDifference(frames[0]?.data as Float32Array, new Float32Array(3 * side * side).fill(0.6))).toBeLessThan(1e-3);
});
