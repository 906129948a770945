import { readFile, rm } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readChat } from '../chat.ts';
import { listen, prepareStep, testDriver } from '../conformance.ts';
import type { LoadedModel } from '../driver.ts';
import { pulledModel } from '../pulled-model.ts';
import { llama } from './driver.ts';
import { splitSentence } from './picture-prompt.ts';

const smollm = await pulledModel('smollm2-135m-instruct');
const task = 'text-generation';

test.each([
  ['a red apple', 'red apple', undefined],
  ['Draw me an axe, please.', 'axe', undefined],
  ['I would like to see a picture of a face savoring food.', 'face savoring food', undefined],
  ['Can you please paint a small boat on a blue background?', 'small boat', 'blue'],
  ['see no evil monkey', 'see no evil monkey', undefined],
  ['framed picture', 'framed picture', undefined],
  ['1st place medal', '1st place medal', undefined],
  ['There is a cat.', 'cat', undefined],
  ['please', 'please', undefined],
])('the subject of "%s" is "%s"', (sentence, subject, background) => {
  expect(splitSentence(sentence)).toEqual({ subject, background });
});

test('a long sentence keeps only its telling words', () => {
  const { subject } = splitSentence('And so my fellow Americans ask not what your country can do for you ask what you can do for your country');
  expect(subject).toBe('fellow Americans ask country ask country');
});

test('a chat is read from JSON in the form of OpenAI, and from plain text', () => {
  expect(readChat('Hello', 'text/plain', 'Be kind.')).toEqual([
    { role: 'system', content: 'Be kind.' },
    { role: 'user', content: 'Hello' },
  ]);
  expect(readChat('[{"role":"user","content":[{"type":"text","text":"Hi"}]}]', 'application/json', '')).toEqual([{ role: 'user', content: 'Hi' }]);
  expect(() => readChat('{"a":1}', 'application/json', '')).toThrow(/not a list of messages/);
});

describe.skipIf(!smollm)('smollm2-135m-instruct', () => {
  if (!smollm) return;
  testDriver('llama', { driver: llama, source: () => smollm, task, streams: true, inputs: { prompt: { bytes: 'a red apple', mediaType: 'text/plain' } } });

  let model: LoadedModel;
  beforeAll(async () => {
    model = await llama.load(smollm, { threads: 1 });
  });
  afterAll(() => model?.close());

  async function write(prompt: string, parameters = {}, mediaType = 'text/plain', by = model) {
    const told = listen();
    const step = await prepareStep({ task, parameters, inputs: { prompt: { bytes: prompt, mediaType } } }, told);
    try {
      const result = await by.run(step);
      const usage = JSON.parse(await readFile(result.usage?.[0]?.path ?? '', 'utf8'));
      return { text: await readFile(result.text?.[0]?.path ?? '', 'utf8'), usage, told };
    } finally {
      await rm(step.folder, { recursive: true });
    }
  }

  test('a prompt for a picture keeps the subject of the sentence', async () => {
    expect((await write('I would like to see a red apple, please.')).text).toMatch(/\bred apple\b/);
    expect((await write('the old "castle" on a hill')).text).toMatch(/\bold castle on a hill\b/);
  });

  test('temperature 0 always writes the same, whatever was written before', async () => {
    const chat = { instruction: 'chat', maxTokens: 8 };
    const first = await write('Name a fruit.', chat);
    await write('Something else entirely.', chat);
    expect((await write('Name a fruit.', chat)).text).toBe(first.text);
  });

  test('one seed writes one text, and another seed another', async () => {
    const free = { instruction: 'chat', maxTokens: 12, temperature: 1.5 };
    const texts: string[] = [];
    for (const seed of [1, 1, 2]) texts.push((await write('Tell me about the sea.', { ...free, seed })).text);
    expect(texts[0]).toBe(texts[1]);
    expect(texts[0]).not.toBe(texts[2]);
  });

  test('writing stops after the most tokens, and before a stop word', async () => {
    const { told } = await write('Count from one to twenty.', { instruction: 'chat', maxTokens: 5 });
    expect(told.texts.length).toBeLessThanOrEqual(5);
    const { text } = await write('[{"role":"user","content":"Say: one, two, three"}]', { instruction: 'chat', maxTokens: 24, stop: [','] }, 'application/json');
    expect(text).not.toContain(',');
  });

  test('usage comes from the tokenizer, and says whether the model ended by itself', async () => {
    const cut = await write('Count from one to twenty.', { instruction: 'chat', maxTokens: 3 });
    expect(cut.usage).toMatchObject({ completionTokens: 3, finish: 'length' });
    const longer = await write('Count from one to twenty. Then count again.', { instruction: 'chat', maxTokens: 3 });
    expect(longer.usage.promptTokens - cut.usage.promptTokens).toBe(4);
    const whole = await write('a red apple');
    expect(whole.usage.finish).toBe('stop');
  });

  test('more tokens than the model keeps in mind are as many as fit', async () => {
    const { manifest } = smollm;
    const small = await llama.load({ ...smollm, manifest: { ...manifest, options: { ...manifest.options, contextTokens: 256 } } }, { threads: 1 });
    const { usage } = await write('word '.repeat(240), { instruction: 'continue', maxTokens: 8000 }, 'text/plain', small);
    await small.close();
    expect(usage.promptTokens + usage.completionTokens).toBeLessThanOrEqual(256);
    expect(usage.finish).toBe('length');
  });

  test('JSON has the form of its schema, whatever was asked', async () => {
    const schema = {
      type: 'object',
      properties: { fruit: { enum: ['apple', 'pear'] }, count: { type: 'integer', minimum: 1, maximum: 9 } },
      required: ['fruit', 'count'],
      additionalProperties: false,
    };
    const { text } = await write('Tell me a long story about the sea.', { instruction: 'chat', format: 'json', schema: JSON.stringify(schema), maxTokens: 40 });
    expect(JSON.parse(text)).toEqual({ fruit: expect.stringMatching(/^(apple|pear)$/), count: expect.any(Number) });
    const free = await write('Name a fruit and its colour.', { instruction: 'chat', format: 'json', maxTokens: 60 });
    expect(free.text.trimStart().startsWith('{')).toBe(true);
  });

  test('a schema that cannot be followed is refused with what can', async () => {
    const schema = JSON.stringify({ type: 'object', properties: { a: { $ref: '#/nowhere' } } });
    await expect(write('x', { instruction: 'chat', format: 'json', schema })).rejects.toMatchObject({
      code: 'invalid-input',
      hint: expect.stringContaining('enum'),
    });
  });

  test('a schema that takes too much is refused, and the model writes on', async () => {
    const schema = JSON.stringify({ type: 'object', properties: { a: { type: 'string', minLength: 5000 } }, required: ['a'] });
    await expect(write('x', { instruction: 'chat', format: 'json', schema })).rejects.toMatchObject({
      code: 'invalid-input',
      message: expect.stringContaining('too large'),
    });
    expect((await write('Say hello.', { instruction: 'chat', maxTokens: 2 })).usage.completionTokens).toBe(2);
  });

  test('a text that is continued is not answered', async () => {
    const { text } = await write('One, two, three, four,', { instruction: 'continue', maxTokens: 4 });
    expect(text).toMatch(/five/);
  });

  test('a text that does not fit is refused before anything is computed', async () => {
    await expect(write('word '.repeat(4000), { instruction: 'chat' })).rejects.toMatchObject({ code: 'too-large' });
  });

  test('an empty text is refused', async () => {
    await expect(write('  \n')).rejects.toMatchObject({ code: 'invalid-input' });
  });
});
