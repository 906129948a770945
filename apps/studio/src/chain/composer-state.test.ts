import { listTasks, newId, type OutputId, type RunView, resolveChain, taskView, type UploadView } from '@atelier/protocol';
import { beforeEach, expect, test } from 'vitest';
import { compose, type Given, type GivenOutput, useUndo } from './composer-state.ts';

const tasks = listTasks().map(taskView);
const output = (more: Partial<GivenOutput> = {}): GivenOutput => ({
  kind: 'output',
  outputId: newId<OutputId>(),
  mediaType: 'image/png',
  sizeBytes: 1,
  name: 'one',
  ...more,
});
const given = () => Object.keys(compose.now().given).sort();

beforeEach(() => compose.clear());

test('a run that is edited brings its files along, not only its texts', () => {
  const [picture, prompt] = [newId(), newId()];
  const inputs = [
    { name: 'image', outputId: picture, text: null, mediaType: 'image/png', sizeBytes: 5, hash: '' },
    { name: 'prompt', outputId: prompt, text: 'an owl', mediaType: 'text/plain', sizeBytes: 6, hash: '' },
  ] as unknown as RunView['inputs'];
  compose.loadRun({ chain: resolveChain({ steps: ['image-to-image'] }), inputs }, tasks);
  expect(compose.now().given).toMatchObject({ image: { kind: 'output', outputId: picture }, prompt: { kind: 'text', text: 'an owl' } });
});

test('a painted mask goes when its picture does, and a mask from a file stays', () => {
  compose.startWith('inpainting');
  compose.give('image', output());
  compose.give('mask', output({ over: 'image' }));
  compose.give('prompt', { kind: 'text', text: 'an owl' });
  compose.give('image', output());
  expect(given()).toEqual(['image', 'prompt']);
  compose.give('mask', output());
  compose.give('image', null);
  expect(given()).toEqual(['mask', 'prompt']);
});

test('a picture that arrives while its mask is being painted keeps the mask', () => {
  const file = new File(['x'], 'one.png', { type: 'image/png' });
  const sending: Given = { kind: 'file', file, progress: 0, upload: null, error: null };
  compose.startWith('inpainting');
  compose.give('image', sending);
  compose.give('mask', output({ over: 'image' }));
  compose.give('image', { ...sending, progress: 1 });
  expect(given()).toEqual(['image', 'mask']);
});

test('a thing that a chain begins with goes to the first port of its kind', () => {
  const picture = output();
  compose.startWithOutput(tasks.find((task) => task.name === 'inpainting') as (typeof tasks)[number], 'image', picture, {
    prompt: { kind: 'text', text: 'an owl' },
  });
  expect(compose.now()).toMatchObject({ draft: { steps: [{ task: 'inpainting' }] }, given: { image: picture, prompt: { text: 'an owl' } } });
});

test('files beside each other for one port come and go with their inputs', () => {
  compose.startWith('frames-to-video');
  compose.give('frames', output());
  const second = compose.another('frames', tasks) as string;
  compose.give(second, output());
  expect(given()).toEqual(['frames', 'frames2']);
  compose.dropInput(second);
  expect([given(), Object.keys(compose.now().draft.inputs)]).toEqual([['frames'], ['frames']]);
});

test('a file that comes while its chain is away is there when an undo brings the chain back, and so is a file that came along', () => {
  const file = new File(['x'], 'one.png', { type: 'image/png' });
  const upload = { outputId: newId<OutputId>(), hash: '', mediaType: 'image/png', sizeBytes: 1 } as unknown as UploadView;
  const sending: Given = { kind: 'file', file, progress: 0, upload: null, error: null };
  compose.startWith('inpainting', {});
  compose.giveAlong('image', sending);
  compose.clear();
  const { turn } = useUndo.getState();
  compose.tell(file, { upload, progress: 1 });
  expect(useUndo.getState().turn).toBe(turn);
  compose.undo();
  expect(compose.now().given.image).toMatchObject({ upload, progress: 1 });
  compose.undo();
  expect(compose.now().draft.steps).toEqual([]);
  compose.redo();
  expect(compose.now().given.image).toMatchObject({ upload, progress: 1 });
});

test('an offer to undo is good until the next change, and strokes that go on are one change', () => {
  compose.startWith('text-to-image', {});
  const turns = [() => compose.give('prompt', { kind: 'text', text: 'a' }), () => compose.give('prompt', { kind: 'text', text: 'ab' }), () => compose.clear()];
  const seen = turns.map((deed) => {
    const before = useUndo.getState().turn;
    deed();
    return useUndo.getState().turn - before;
  });
  expect(seen).toEqual([1, 0, 1]);
});
