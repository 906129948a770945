import { expect, test } from 'vitest';
import { parseChainText } from './chain-text.ts';
import { AtelierError } from './errors.ts';
import { resolveChain } from './resolve-chain.ts';
import { applySettings } from './settings.ts';

const refusal = (work: () => unknown): AtelierError => {
  try {
    work();
  } catch (error) {
    if (error instanceof AtelierError) return error;
    throw error;
  }
  throw new Error('it was not refused');
};

const tasksOf = (text: string) => resolveChain(parseChainText(text)).steps.map((step) => step.task);

test('the words of the older system, a comma list and a YAML file mean the same chain', () => {
  const words = resolveChain(parseChainText('Audio to Text -> Text to Text -> Text to Image -> Image to Video'));
  const list = resolveChain(parseChainText('automatic-speech-recognition, text-generation, text-to-image, image-to-video'));
  const file = resolveChain(
    parseChainText('steps:\n  - automatic-speech-recognition\n  - task: text-generation\n  - task: text-to-image\n  - Image to Video\n'),
  );
  expect(list).toEqual(words);
  expect(file).toEqual(words);
  expect(words.inputs).toEqual({ audio: { modality: 'audio', description: expect.any(String) } });
  expect(words.steps.map((step) => Object.values(step.inputs).flat())).toEqual([
    ['inputs.audio'],
    ['automatic-speech-recognition.text'],
    ['text-generation.text'],
    ['text-to-image.image'],
  ]);
});

test('one task alone is a chain, and the same task twice gets names of its own', () => {
  expect(tasksOf('text-to-image')).toEqual(['text-to-image']);
  expect(resolveChain({ steps: ['text-generation', 'text-generation'] }).steps.map((step) => step.id)).toEqual(['text-generation', 'text-generation-2']);
});

test('a diamond keeps its wires and is put in an order in which each step follows what it reads', () => {
  const chain = resolveChain({
    inputs: { idea: { modality: 'text' } },
    steps: [
      { id: 'film', task: 'image-to-video', inputs: { image: 'draw.image', prompt: 'improve.text' } },
      { id: 'draw', task: 'text-to-image', inputs: { prompt: 'improve.text' } },
      { id: 'improve', task: 'text-generation', inputs: { prompt: 'inputs.idea' } },
    ],
  });
  expect(chain.steps.map((step) => step.id)).toEqual(['improve', 'draw', 'film']);
});

test('a mask is never the picture that it lies over: it is another input of the chain, wherever the picture comes from', () => {
  const alone = resolveChain({ steps: ['inpainting'] });
  expect(alone.steps[0]?.inputs).toEqual({ image: ['inputs.image'], mask: ['inputs.mask'], prompt: ['inputs.prompt'] });
  expect(Object.keys(alone.inputs)).toEqual(['image', 'mask', 'prompt']);
  const drawn = resolveChain({ steps: ['text-to-image', 'image-to-image', 'inpainting'] });
  expect(drawn.steps[2]?.inputs).toEqual({ image: ['image-to-image.image'], mask: ['inputs.mask'], prompt: ['inputs.prompt'] });
  const twice = resolveChain({ steps: ['inpainting', 'inpainting'] });
  expect(twice.steps[1]?.inputs).toEqual({ image: ['inpainting.image'], mask: ['inputs.mask'], prompt: ['inputs.prompt'] });
  const byHand = resolveChain({ inputs: { hole: { modality: 'image' } }, steps: [{ task: 'inpainting', inputs: { mask: 'inputs.hole' } }] });
  expect(byHand.steps[0]?.inputs).toEqual({ mask: ['inputs.hole'], image: ['inputs.image'], prompt: ['inputs.prompt'] });
  const half = resolveChain({ inputs: { mask: { modality: 'image' } }, steps: ['inpainting'] });
  expect(half.steps[0]?.inputs).toEqual({ image: ['inputs.image'], mask: ['inputs.mask'], prompt: ['inputs.prompt'] });
});

test('a text written in the chain is a source', () => {
  const chain = resolveChain({ steps: [{ task: 'text-to-image', inputs: { prompt: { text: 'a red apple' } } }] });
  expect(chain.inputs).toEqual({});
  expect(refusal(() => resolveChain({ steps: [{ task: 'image-to-video', inputs: { image: { text: 'a red apple' } } }] })).code).toBe('modality-mismatch');
});

test('a modality that does not fit is refused with the task that would fit between', () => {
  const error = refusal(() => resolveChain(parseChainText('automatic-speech-recognition, image-to-video')));
  expect(error.code).toBe('modality-mismatch');
  expect(error.hint).toContain('text-to-image');
  expect(refusal(() => resolveChain(parseChainText('image-to-video, text-to-image'))).code).toBe('modality-mismatch');
});

test.each([
  [
    'a circle',
    {
      steps: [
        { id: 'a', task: 'text-generation', inputs: { prompt: 'b.text' } },
        { id: 'b', task: 'text-generation', inputs: { prompt: 'a.text' } },
      ],
    },
    'wait for each other',
  ],
  [
    'two steps of one name',
    {
      steps: [
        { id: 'a', task: 'text-generation' },
        { id: 'a', task: 'text-generation' },
      ],
    },
    'Two steps',
  ],
  ['a wire from nowhere', { steps: [{ id: 'a', task: 'text-generation', inputs: { prompt: 'ghost.text' } }] }, 'no step is named "ghost"'],
  [
    'a wire from an output that is not made',
    { steps: ['text-generation', { task: 'text-to-image', inputs: { prompt: 'text-generation.words' } }] },
    'makes no "words"',
  ],
  ['an input that is not declared', { steps: [{ task: 'text-generation', inputs: { prompt: 'inputs.idea' } }] }, 'declares no such input'],
  ['a port that the task lacks', { steps: [{ task: 'text-generation', inputs: { picture: 'inputs.idea' } }] }, 'has no input "picture"'],
  [
    'two values for a port that takes one',
    { inputs: { a: { modality: 'text' } }, steps: [{ task: 'text-generation', inputs: { prompt: ['inputs.a', 'inputs.a'] } }] },
    'takes one value',
  ],
  ['no steps', { steps: [] }, 'steps'],
  ['a step named inputs', { steps: [{ id: 'inputs', task: 'text-generation' }] }, 'cannot be the name'],
])('%s is refused as invalid input', (_, chain, words) => {
  const error = refusal(() => resolveChain(chain));
  expect(error.code).toBe('invalid-input');
  expect(error.message).toContain(words);
});

test('an unknown task, a parameter out of bounds and an unknown parameter are told apart', () => {
  expect(refusal(() => resolveChain({ steps: ['text-to-sculpture'] })).code).toBe('unknown-task');
  expect(refusal(() => resolveChain({ steps: [{ task: 'text-to-image', parameters: { steps: 0 } }] })).code).toBe('parameter-out-of-bounds');
  expect(refusal(() => resolveChain({ steps: [{ task: 'text-to-image', parameters: { scheduler: 'magic' } }] })).code).toBe('parameter-out-of-bounds');
  expect(refusal(() => resolveChain({ steps: [{ task: 'text-to-image', parameters: { steps: 'many' } }] })).code).toBe('invalid-input');
  expect(refusal(() => resolveChain({ steps: [{ task: 'text-to-image', parameters: { glitter: 1 } }] })).message).toContain('glitter');
});

test('a chain over the bound of steps or characters is refused', () => {
  expect(refusal(() => resolveChain({ steps: Array(101).fill('text-generation') })).code).toBe('invalid-input');
  expect(refusal(() => parseChainText('x'.repeat(300_000))).code).toBe('too-large');
  expect(refusal(() => parseChainText('   ')).code).toBe('invalid-input');
  expect(refusal(() => parseChainText('name: nothing\nmore: of it')).message).toContain('no steps');
});

test('settings change one step or every step that has the parameter, within its bounds', () => {
  const chain = resolveChain(parseChainText('text-to-image, image-to-video'));
  const changed = applySettings(chain, { 'text-to-image.steps': 7, seed: 5 });
  expect(changed.steps[0]?.parameters).toMatchObject({ steps: 7, seed: 5 });
  expect(changed.steps[1]?.parameters).toMatchObject({ steps: chain.steps[1]?.parameters.steps, seed: 5 });
  // Null leaves out what has no default, and puts back what has one.
  const sized = applySettings(chain, { 'text-to-image.width': 512, 'text-to-image.steps': 7 });
  const emptied = applySettings(sized, { 'text-to-image.width': null, 'text-to-image.steps': null });
  expect(emptied.steps.find(({ task }) => task === 'text-to-image')?.parameters).toEqual(chain.steps.find(({ task }) => task === 'text-to-image')?.parameters);
  expect(refusal(() => applySettings(chain, { 'ghost.steps': 7 })).message).toContain('ghost');
  expect(refusal(() => applySettings(chain, { glitter: 7 })).message).toContain('glitter');
  expect(refusal(() => applySettings(chain, { 'text-to-image.steps': 1000 })).code).toBe('parameter-out-of-bounds');
});

const listening = (source: string, streams?: unknown) => () =>
  resolveChain({ steps: [{ id: 'improve', task: 'text-generation', inputs: { prompt: source } }], ...(streams === undefined ? {} : { streams }) });

test('a chain that declares a stream is refused with what to do instead, also if no step reads it', () => {
  const eeg = { type: 'float32', channels: 8, rate: 256, unit: 'uV' };
  const refused = refusal(listening('streams.eeg', { eeg }));
  expect(refused).toMatchObject({ code: 'invalid-input', message: expect.stringContaining('eeg'), hint: expect.stringContaining('file') });
  expect(refusal(listening('inputs.prompt', { eeg })).message).toBe(refused.message);
});

test('a stream that no one declares, and one of no rate, are refused by name', () => {
  expect(refusal(listening('streams.eeg')).message).toBe('improve reads streams.eeg, but the chain declares no such stream.');
  for (const wrong of [{ type: 'float32', rate: 0 }, { type: 'complex', rate: 1 }, { type: 'int16', rate: 256, channels: 5000 }, { type: 'float32' }]) {
    expect(refusal(listening('streams.eeg', { eeg: wrong })).message).toContain('streams.eeg');
  }
  expect(refusal(() => resolveChain({ steps: [{ id: 'streams', task: 'text-generation' }] })).message).toContain('"streams" cannot be the name of a step');
});
