import { type EdgeView, errorCodes, type ModelView, type RunView, type StepView } from '@atelier/protocol';
import { expect, test } from 'vitest';
import { mendingOf, pullFor } from './mending.ts';

const failed = (code: string, attempts: unknown[] = []) => ({ error: { code, message: '' }, attempts }) as unknown as StepView;

test('each failure offers what mends it', () => {
  expect(mendingOf(failed('no-offer'))).toBe('pull');
  expect(mendingOf(failed('out-of-memory'))).toBe('edit');
  expect(mendingOf(failed('damaged-media'))).toBe('choose-input');
  for (const passing of ['edge-lost', 'slot-crashed', 'timeout', 'disk-full', 'step-failed', 'internal']) expect(mendingOf(failed(passing))).toBe('again');
});

test('the last attempt says what was wrong, rather than that the step failed', () => {
  expect(mendingOf(failed('step-failed', [{ error: { code: 'edge-lost', message: '' } }, { error: { code: 'out-of-memory', message: '' } }]))).toBe('edit');
});

test('there is an offer for every code that there is', () => {
  for (const code of Object.keys(errorCodes)) expect(['pull', 'edit', 'choose-input', 'again']).toContain(mendingOf(failed(code)));
});

const GB = 1e9;
const edge = (name: string, more: object = {}) =>
  ({ id: name, name, state: 'online', info: { modelMemoryBytes: 8 * GB, diskFreeBytes: 50 * GB }, ...more }) as unknown as EdgeView;
const model = (id: string, states: Record<string, string> = {}, memoryBytes = GB) =>
  ({
    manifest: { id, title: id, tasks: ['text-to-image'], memoryBytes },
    downloadBytes: memoryBytes,
    edges: Object.entries(states).map(([edgeId, state]) => ({ edgeId, state })),
  }) as unknown as ModelView;
const drawing = (offered?: string) =>
  ({ id: 'draw', task: 'text-to-image', offer: offered === undefined ? null : { modelId: offered } }) as unknown as StepView;
const chainOf = (bound: object = {}) => ({ chain: { steps: [{ id: 'draw', task: 'text-to-image', ...bound }] } }) as unknown as RunView;
const told = (found: ReturnType<typeof pullFor>) => found && [found.model.manifest.id, found.edge.name];

test('a step that needs one model is offered that one or none, whatever else serves its task', () => {
  const others = [model('small'), model('large')];
  expect(told(pullFor(chainOf({ model: 'large' }), drawing(), others, [edge('kitchen')]))).toEqual(['large', 'kitchen']);
  expect(told(pullFor(chainOf(), drawing('large'), others, [edge('kitchen')]))).toEqual(['large', 'kitchen']);
  expect(pullFor(chainOf({ model: 'unknown' }), drawing(), others, [edge('kitchen')])).toBeNull();
  expect(pullFor(chainOf({ model: 'large' }), drawing('small'), [model('small')], [edge('kitchen')])).toBeNull();
  expect(pullFor(chainOf({ model: 'large' }), drawing(), [model('small'), model('large', { kitchen: 'pulling' })], [edge('kitchen')])).toBeNull();
});

test('it goes to a machine that is here, lacks it and has room, and to the one that the step is bound to', () => {
  const fleet = [edge('away', { state: 'offline' }), edge('has it'), edge('tiny', { info: { modelMemoryBytes: GB / 2, diskFreeBytes: GB } }), edge('attic')];
  expect(told(pullFor(chainOf(), drawing(), [model('small', { 'has it': 'ready' })], fleet))).toEqual(['small', 'attic']);
  expect(told(pullFor(chainOf({ edge: 'has it' }), drawing(), [model('small')], fleet))).toEqual(['small', 'has it']);
  expect(pullFor(chainOf({ edge: 'away' }), drawing(), [model('small')], fleet)).toBeNull();
  expect(told(pullFor(chainOf(), drawing(), [model('huge', {}, 20 * GB), model('small')], fleet))).toEqual(['small', 'has it']);
});
