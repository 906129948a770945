import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { TranscriptSegment, WorkOrder } from '@atelier/protocol';
import OpenAI, { toFile } from 'openai';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Made, type SocketEdge, type TestCoordinator, testCoordinator, testModel, workingEdge } from '../coordinator.test-support.ts';

let coordinator: TestCoordinator;
let edge: SocketEdge;
let client: OpenAI;
const orders: WorkOrder[] = [];
const file = async () => toFile(await readFile(join(import.meta.dirname, '../../../../../examples/audio/jfk.wav')), 'jfk.wav');

const confidence = { averageLogProbability: -0.3, compressionRatio: 1.4, noSpeechProbability: 0.02, temperature: 0.2 };
const segments: TranscriptSegment[] = [
  {
    start: 0.5,
    end: 1.25,
    text: 'Ask not,',
    language: 'en',
    words: [
      { word: 'Ask', start: 0.5, end: 0.75 },
      { word: 'not,', start: 0.75, end: 1.25 },
    ],
    confidence,
  },
  { start: 2, end: 3, text: '', unclear: true },
  {
    start: 3.5,
    end: 4,
    text: 'I said.',
    language: 'en',
    words: [
      { word: 'I', start: 3.5, end: 3.6 },
      { word: 'said.', start: 3.6, end: 4 },
    ],
    confidence,
  },
];

const asText = (text: string): Made => ({ port: 'text', mediaType: 'text/plain', bytes: Buffer.from(text) });
const asSegments = (value: unknown): Made => ({ port: 'segments', mediaType: 'application/json', bytes: Buffer.from(JSON.stringify(value)) });

/** What each model answers: one with times of words, one that tells no times, one with segments alone, one that hears nothing. */
const answers: Readonly<Record<string, readonly Made[]>> = {
  exact: [asSegments(segments), asText('Ask not, I said.')],
  plain: [asText('Ask not, I said.')],
  coarse: [asText('Ask not.'), asSegments([{ start: 0, end: 1, text: 'Ask not.' }])],
  deaf: [asText(''), asSegments([])],
};

beforeAll(async () => {
  coordinator = await testCoordinator();
  const models = Object.keys(answers).map((name) => testModel(name, ['automatic-speech-recognition']));
  edge = await workingEdge(coordinator, models, (order) => {
    orders.push(order);
    return answers[order.modelId] ?? [];
  });
  client = new OpenAI({ baseURL: `${coordinator.url}/v1`, apiKey: (await coordinator.person('member')).token, maxRetries: 0 });
});
afterAll(async () => {
  await edge.close();
  await coordinator.close();
});

test('subtitles come as SubRip and as WebVTT, without what was not understood', async () => {
  const srt = await client.audio.transcriptions.create({ file: await file(), model: 'exact', response_format: 'srt' });
  expect(srt).toBe('1\n00:00:00,500 --> 00:00:01,250\nAsk not,\n\n2\n00:00:03,500 --> 00:00:04,000\nI said.\n\n');
  const vtt = await client.audio.transcriptions.create({ file: await file(), model: 'exact', response_format: 'vtt' });
  expect(vtt).toMatch(/^WEBVTT\n\n00:00:00\.500 --> 00:00:01\.250\nAsk not,\n/);
});

test('verbose JSON has the language that was heard, segments with their measures, and words if they are asked for', async () => {
  const verbose = await client.audio.transcriptions.create({ file: await file(), model: 'exact', response_format: 'verbose_json' });
  expect(verbose).toMatchObject({ task: 'transcribe', language: 'english', text: 'Ask not, I said.' });
  expect(Number(verbose.duration)).toBeCloseTo(11, 0);
  expect(verbose.segments?.map(({ id, start, end, text }) => [id, start, end, text])).toEqual([
    [0, 0.5, 1.25, 'Ask not,'],
    [1, 3.5, 4, 'I said.'],
  ]);
  expect(verbose.segments?.[0]).toMatchObject({ avg_logprob: -0.3, compression_ratio: 1.4, no_speech_prob: 0.02, temperature: 0.2 });
  expect(verbose.words).toBeUndefined();
  const both = await client.audio.transcriptions.create({
    file: await file(),
    model: 'exact',
    response_format: 'verbose_json',
    timestamp_granularities: ['word', 'segment'],
  });
  expect(both.words?.map(({ word, start }) => [word, start])).toEqual([
    ['Ask', 0.5],
    ['not,', 0.75],
    ['I', 3.5],
    ['said.', 3.6],
  ]);
  expect(both.segments?.length).toBe(2);
});

test('language, prompt and temperature reach the model', async () => {
  await client.audio.transcriptions.create({ file: await file(), model: 'exact', language: 'en', prompt: 'Kennedy', temperature: 0.4 });
  expect(orders.at(-1)?.parameters).toMatchObject({ language: 'en', prompt: 'Kennedy', temperature: 0.4 });
});

test('nothing said is an empty answer of each form', async () => {
  const ask = async (response_format: 'json' | 'srt' | 'verbose_json') =>
    client.audio.transcriptions.create({ file: await file(), model: 'deaf', response_format });
  expect((await ask('json')) as unknown).toEqual({ text: '' });
  expect((await ask('srt')) as unknown).toBe('');
  expect((await ask('verbose_json')) as unknown).toMatchObject({ text: '', segments: [] });
});

test.each([
  ['times of a model that tells none', { model: 'plain', response_format: 'srt' }, 'does not tell when something is said'],
  ['words of a model that tells none', { model: 'coarse', response_format: 'verbose_json', timestamp_granularities: ['word'] }, 'when each word is said'],
  ['an unknown language', { model: 'exact', language: 'unknown' }, 'language'],
  ['a form that is not known', { model: 'exact', response_format: 'diarized_json' }, 'response_format'],
  ['a temperature beyond its bounds', { model: 'exact', temperature: 1.5 }, 'temperature'],
  ['granularities without verbose JSON', { model: 'exact', timestamp_granularities: ['word'] }, 'verbose_json'],
  ['what is not known here', { model: 'exact', chunking_strategy: 'auto' }, 'chunking_strategy'],
  ['a stream', { model: 'exact', stream: true }, 'stream'],
])('%s are refused with words', async (_, options, words) => {
  const asked = client.audio.transcriptions.create({ file: await file(), ...options } as OpenAI.Audio.TranscriptionCreateParamsNonStreaming);
  await expect(asked).rejects.toMatchObject({ status: 400, message: expect.stringContaining(words) });
});
