import { findTask, type OutputId, parseParameters, type RunView, resolveChain, type StepView } from '@atelier/protocol';
import { describe, expect, test } from 'vitest';
import { type Frame, framesOf, standIns } from './frame-states.ts';
import { keptFrames, twiceAsFine, withKeyframe } from './kept-frames.ts';
import { frameAt, framesAhead } from './playhead.ts';
import { cellsOf, frameAtX, keyframeMarks, xOfFrame } from './timeline-layout.ts';
import { filmStep, formOf, keyframe, nameOf, requestOf, type WalkForm, walkStep } from './walk-form.ts';
import { walkRemaining } from './walk-pace.ts';
import { placed, problemOf } from './walk-problems.ts';

const file = (name: string) => ({ outputId: `${name}-id` as OutputId, hash: name.padEnd(64, '0'), name });
const words = (...prompts: string[]): WalkForm => ({ keyframes: prompts.map((prompt) => keyframe(prompt)), walk: { seed: 7 }, film: {}, track: null });
const pear = words('a red apple', 'a green pear');

describe('what is sent', () => {
  test('two words become a chain of a walk and its film that the resolver takes as it is', () => {
    const { chain, inputs, name } = requestOf({ ...pear, walk: { frames: 12, loop: true }, film: { format: 'gif' } });
    const resolved = resolveChain(chain);
    expect(resolved.steps.map((step) => [step.id, step.task, step.inputs])).toEqual([
      [walkStep, 'latent-walk', {}],
      [filmStep, 'frames-to-video', { frames: ['walk.frames'] }],
    ]);
    expect(resolved.steps[0]?.parameters).toMatchObject({ frames: 12, loop: true, keyframes: [{ prompt: 'a red apple' }, { prompt: 'a green pear' }] });
    expect(resolved.steps[1]?.parameters.format).toBe('gif');
    expect([inputs, name]).toEqual([{}, 'a red apple → a green pear']);
  });

  test('a picture that two keyframes name is an input once, and the track is one too', () => {
    const [sea, hill] = [file('sea'), file('hill')];
    const keyframes = [keyframe('', { picture: sea }), keyframe('a hill', { picture: hill, seed: 3, frames: 5 }), keyframe('', { picture: sea })];
    const { chain, inputs } = requestOf({ ...pear, keyframes, track: file('song') });
    const [walk] = resolveChain(chain).steps;
    expect(walk?.parameters.keyframes).toEqual([{ picture: 0 }, { prompt: 'a hill', picture: 1, seed: 3, frames: 5 }, { picture: 0 }]);
    expect(walk?.inputs).toEqual({ pictures: ['inputs.picture1', 'inputs.picture2'], audio: ['inputs.track'] });
    expect(inputs).toEqual({ picture1: { outputId: 'sea-id' }, picture2: { outputId: 'hill-id' }, track: { outputId: 'song-id' } });
  });

  test('a run gives back the form that it was made from, with the seed that was drawn', () => {
    const form = { ...words('one', ''), film: { framesPerSecond: 24 }, track: file('song') };
    const written: WalkForm = {
      ...form,
      keyframes: [form.keyframes[0] as never, keyframe('', { picture: file('sea'), frames: 9 })],
      walk: { easing: 'smooth' },
    };
    const { chain, inputs } = requestOf(written);
    const resolved = resolveChain(chain);
    const run = {
      chain: resolved,
      inputs: Object.entries(inputs ?? {}).map(([name, value]) => ({ name, ...value, hash: (name === 'track' ? 'song' : 'sea').padEnd(64, '0'), text: null })),
      steps: resolved.steps.map((step) => ({
        ...step,
        parameters: { ...step.parameters, ...(step.id === 'walk' ? { seed: 99 } : {}) },
        offer: null,
        outputs: [],
      })),
    } as unknown as RunView;
    const back = formOf(run);
    expect(back.walk).toEqual({ easing: 'smooth', seed: 99 });
    expect(back.film).toEqual({ framesPerSecond: 24 });
    expect(requestOf({ ...back, walk: { easing: 'smooth' } })).toEqual(requestOf(written));
  });

  test('a name says all keyframes and stays short', () => {
    expect(nameOf({ keyframes: [keyframe('a'), keyframe('', { picture: file('sea') }), keyframe()] })).toBe('a → an image → …');
    expect(nameOf(words('x'.repeat(200), 'y')).length).toBe(120);
  });
});

describe('what is wrong', () => {
  test('is said at the keyframe or the parameter that caused it', () => {
    expect(problemOf(words('a', ' '))?.place).toEqual({ keyframe: 1 });
    expect(problemOf({ ...pear, walk: { frames: 100_000 } })?.place).toEqual({ parameter: 'frames', of: 'walk' });
    expect(problemOf({ ...pear, walk: { width: 65 } })?.place).toEqual({ parameter: 'width', of: 'walk' });
    expect(problemOf({ ...pear, film: { framesPerSecond: 0 } })?.place).toEqual({ parameter: 'framesPerSecond', of: 'film' });
    expect(problemOf({ ...pear, walk: { frames: 3 }, keyframes: words('a', 'b', 'c', 'd').keyframes })).toMatchObject({
      place: { parameter: 'frames', of: 'walk' },
      hint: expect.stringContaining('at least 4'),
    });
    expect(problemOf({ ...pear, keyframes: pear.keyframes.map((one) => ({ ...one, frames: 4 })), walk: { frames: 9 } })?.place).toEqual({
      parameter: 'frames',
      of: 'walk',
    });
    expect(problemOf(pear)).toBeNull();
  });

  test('an error of another kind stands under the whole', () => {
    expect(placed(new Error('No machine has a model for this.'))).toMatchObject({ place: 'whole', message: 'No machine has a model for this.' });
  });
});

describe('frames that are kept', () => {
  const all = () => true;
  const long: WalkForm = { ...pear, walk: { seed: 7, frames: 24 } };

  test('a keyframe more keeps every frame that there was', () => {
    const longer = withKeyframe(long, keyframe('a yellow banana'));
    expect(longer.walk.frames).toBe(47);
    expect(keptFrames(long, all, longer)).toEqual({ kept: 24, of: 47 });
  });

  test('a loop with a keyframe more loses only its way back', () => {
    const loop: WalkForm = { ...long, walk: { seed: 7, frames: 24, loop: true } };
    expect(keptFrames(loop, all, withKeyframe(loop, keyframe('a yellow banana')))).toEqual({ kept: 13, of: 36 });
  });

  test.each(['linear', 'smooth', 'hold'])('twice as fine keeps every frame with the pace %s', (easing) => {
    const form: WalkForm = { ...long, walk: { ...long.walk, easing } };
    const kept = keptFrames(form, all, twiceAsFine(form));
    expect(kept?.of).toBe(47);
    expect(kept?.kept).toBeGreaterThanOrEqual(24);
  });

  test('only finished frames count, and another seed, prompt or model keeps what it must', () => {
    expect(keptFrames(long, (frame) => frame < 5, long)).toEqual({ kept: 5, of: 24 });
    expect(keptFrames(long, all, { ...long, walk: { ...long.walk, seed: 8 } })?.kept).toBe(0);
    expect(keptFrames(long, all, { ...long, model: 'another' })?.kept).toBe(0);
    expect(keptFrames(long, all, { ...long, keyframes: words('a red apple', 'a blue plum').keyframes })?.kept).toBe(1);
    expect(keptFrames(long, all, { ...long, film: { format: 'gif' } })?.kept).toBe(24);
  });

  test('a form that does not fit together yet has no answer', () => {
    expect(keptFrames(long, all, { ...long, walk: { frames: 1 } })).toBeNull();
  });
});

const drawn = (...states: string[]): Frame[] =>
  states.map(
    (state, index) => ({ state, edgeId: state === 'done' ? 'e1' : null, outputId: state === 'done' || state === 'cached' ? `f${index}` : null }) as Frame,
  );

describe('frames', () => {
  test('the nearest finished frame stands in, of two as near the earlier', () => {
    const frames = drawn('done', 'waiting', 'running', 'waiting', 'done', 'failed', 'waiting');
    expect([...standIns(frames)]).toEqual([0, 0, 0, 4, 4, 4, 4]);
    expect([...standIns(drawn('waiting', 'waiting', 'cached'))]).toEqual([2, 2, 2]);
    expect([...standIns(drawn('waiting', 'running'))]).toEqual([-1, -1]);
  });

  test('a frame without a machine came from the cache, and a step taken over has its results for frames', () => {
    const each = [
      { index: 0, state: 'succeeded', edgeId: null, outputId: 'a' },
      { index: 1, state: 'succeeded', edgeId: 'e1', outputId: 'b' },
      { index: 2, state: 'queued', edgeId: 'e1', outputId: null },
    ];
    const step = { shards: { total: 3, done: 2, each }, outputs: [], parameters: {} } as unknown as StepView;
    expect(framesOf(step).map((frame) => frame.state)).toEqual(['cached', 'done', 'queued']);
    const taken = { shards: null, outputs: [{ index: 1, id: 'b' }], parameters: { frames: 3 } } as unknown as StepView;
    expect(framesOf(taken).map((frame) => frame.outputId)).toEqual([null, 'b', null]);
  });
});

describe('playing', () => {
  test('each way shows every frame once before it shows one again', () => {
    const shown = (way: 'loop' | 'once' | 'there-and-back', count: number) => Array.from({ length: count }, (_, played) => frameAt(played + 0.4, 4, way));
    expect(shown('loop', 6)).toEqual([0, 1, 2, 3, 0, 1]);
    expect(shown('once', 6)).toEqual([0, 1, 2, 3, 3, 3]);
    expect(shown('there-and-back', 8)).toEqual([0, 1, 2, 3, 2, 1, 0, 1]);
    expect(frameAt(5, 1, 'there-and-back')).toBe(0);
  });

  test('what comes next is known before it is shown, also around the end', () => {
    expect(framesAhead(2.9, 4, 'loop', 3)).toEqual([2, 3, 0]);
    expect(framesAhead(2, 4, 'there-and-back', 4)).toEqual([2, 3, 2, 1]);
  });

  test('what is left comes from the pace of drawn frames and not from those of the cache', () => {
    const began = '2026-01-01T00:00:00.000Z';
    const step = (done: number, cached: number) =>
      ({ prediction: null, startedAt: began, cached, shards: { total: 100, done, each: [] } }) as unknown as StepView;
    const after = (seconds: number) => new Date(Date.parse(began) + seconds * 1000);
    expect(walkRemaining(step(60, 50), after(10))).toMatchObject({ kind: 'range', low: expect.closeTo(34.8, 1), high: expect.closeTo(50.3, 1) });
    expect(walkRemaining(step(52, 50), after(10))).toEqual({ kind: 'unknown' });
  });
});

describe('the timeline', () => {
  test('every frame lies in one cell, however narrow it is', () => {
    for (const [frames, width] of [
      [6, 600],
      [2400, 700],
      [240, 100],
      [2, 1],
    ] as const) {
      const cells = cellsOf(
        Array.from({ length: frames }, () => ({ state: 'waiting' as const })),
        width,
      );
      expect(cells.reduce((sum, cell) => sum + cell.count, 0)).toBe(frames);
      expect(cells.every((cell) => cell.count > 0)).toBe(true);
      expect(cells.length).toBeLessThanOrEqual(Math.max(1, width / 3));
    }
  });

  test('a cell of several frames shows a failure before all else, and how much is done', () => {
    const cells = cellsOf(drawn('done', 'failed', 'done', 'waiting'), 6);
    expect(cells.map((cell) => [cell.state, cell.done])).toEqual([
      ['failed', 0.5],
      ['waiting', 0.5],
    ]);
  });

  test('the frame under the middle of a cell is its own', () => {
    for (let frame = 0; frame < 7; frame += 1) expect(frameAtX(xOfFrame(frame, 7, 333), 7, 333)).toBe(frame);
    expect([frameAtX(-20, 7, 333), frameAtX(999, 7, 333)]).toEqual([0, 6]);
  });

  test('keyframes stand at their frames, and give way where they would lie on each other', () => {
    const walk = (keyframes: object[], frames: number, loop = false) =>
      parseParameters(findTask('latent-walk'), { keyframes, frames, loop }) as Parameters<typeof keyframeMarks>[0];
    const prompts = (count: number) => Array.from({ length: count }, (_, index) => ({ prompt: `${index}` }));
    expect(keyframeMarks(walk(prompts(3), 9), 900, 50).map(({ frame, shown }) => [frame, shown])).toEqual([
      [0, true],
      [4, true],
      [8, true],
    ]);
    const crowded = keyframeMarks(walk(prompts(20), 40), 200, 50);
    const places = crowded.filter(({ shown }) => shown).map(({ x }) => x);
    expect([crowded[0]?.shown, crowded.at(-1)?.shown, places.length]).toEqual([true, true, 3]);
    expect(places.slice(1).every((x, index) => x - (places[index] as number) >= 50)).toBe(true);
  });
});
