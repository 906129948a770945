import { resolveChain } from '@atelier/protocol';
import { expect, test } from 'vitest';
import type { GivenInput } from '../run/inputs.ts';
import { type WalkDrawingFlags, walkRun } from './walk-chain.ts';

const text = (words: string): GivenInput => ({ kind: 'text', text: words });
const file = (path: string): GivenInput => ({ kind: 'file', path, sizeBytes: 1 });
const two = [text('a red apple'), text('a green pear')];
const flags = (more: Partial<WalkDrawingFlags> = {}): WalkDrawingFlags => ({ frames: '24', fps: '12', ...more });

test('two prompts become the frames of a walk and a film of them', () => {
  const { name, chain, inputs } = walkRun(two, undefined, flags({ seed: '7', size: '256x128', loop: true }), 'gif');
  const { steps } = resolveChain(chain);
  expect(name).toBe('a red apple → a green pear');
  expect(inputs).toEqual({});
  expect(steps.map(({ id, task }) => `${id} ${task}`)).toEqual(['walk latent-walk', 'film frames-to-video']);
  expect(steps[0]?.parameters).toMatchObject({
    keyframes: [{ prompt: 'a red apple' }, { prompt: 'a green pear' }],
    seed: 7,
    width: 256,
    height: 128,
    loop: true,
  });
  expect(steps[1]).toMatchObject({ parameters: { format: 'gif', framesPerSecond: 12 }, inputs: { frames: ['walk.frames'] } });
});

test('picture files are keyframes by their number, and a recording sets the pace', () => {
  const { name, chain, inputs } = walkRun([file('a/one.png'), text('a harbour'), file('two.jpg')], file('song.mp3'), flags(), 'mp4');
  const [walk] = resolveChain(chain).steps;
  expect(name).toBe('one.png → a harbour → two.jpg');
  expect(walk?.parameters.keyframes).toEqual([{ picture: 0 }, { prompt: 'a harbour' }, { picture: 1 }]);
  expect(walk?.inputs).toEqual({ pictures: ['inputs.picture1', 'inputs.picture2'], audio: ['inputs.track'] });
  expect(Object.keys(inputs)).toEqual(['picture1', 'picture2', 'track']);
});

test.each([
  [[text('a')], {}, /at least two keyframes, not 1/],
  [two, { frames: '0' }, /a walk has 2 to 2400 frames/],
  [two, { frames: '1' }, /a walk has 2 to 2400 frames/],
  [two, { frames: '2.5' }, /as a whole number/],
  [two, { frames: '100000' }, /can be walked in parts/],
  [two, { frames: 'many' }, /--frames is a number, not "many"/],
  [two, { size: 'large' }, /WIDTHxHEIGHT/],
  [two, { noise: 'pink' }, /noise/],
  [two, { fps: '1000' }, /framesPerSecond/],
  [[text('a'), text('b'), text('c')], { frames: '2' }, /2 frames are too few for 3 keyframes/],
  [[text('a'), file('song.mp3')], {}, /song.mp3 is not the file of an image/],
] as const)('what cannot be walked is refused before anything is uploaded: %#', (points, more, message) => {
  expect(() => walkRun(points, undefined, flags(more), 'gif')).toThrow(message);
});

test('a track that is no recording is refused', () => {
  expect(() => walkRun(two, file('song.png'), flags(), 'gif')).toThrow(/song.png is not the file of a recording/);
});
