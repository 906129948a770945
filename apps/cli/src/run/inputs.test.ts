import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readInputs } from './inputs.ts';

test('a text stays a text, also with an equals sign, where the chain has no input of that name', async () => {
  expect(await readInputs(['a=b is true'], ['prompt'])).toEqual({ input: { kind: 'text', text: 'a=b is true' } });
  expect(await readInputs(['prompt=a red apple'], ['prompt'])).toEqual({ prompt: { kind: 'text', text: 'a red apple' } });
});

test('what looks like a file that is not there is an error, a sentence with a dot is not', async () => {
  await expect(readInputs(['voice.wav'], undefined)).rejects.toMatchObject({ code: 'invalid-input' });
  for (const text of ['Draw voice.wav, please', 'a cat. ./ and a dog', '/imagine a red apple', 'one\ntwo.png', './nowhere here/a cat']) {
    expect(await readInputs([text], undefined)).toEqual({ input: { kind: 'text', text } });
  }
});

test('a path with spaces that is not there is an error, not words to draw', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'atelier in puts '));
  try {
    for (const path of ['my holiday photo.png', './my photos/red apple.JPG', join(folder, 'notes of today'), `${folder}/a b.txt`]) {
      await expect(readInputs([path], undefined), path).rejects.toMatchObject({
        code: 'invalid-input',
        message: `There is no file ${path}.`,
        hint: expect.stringContaining('--input -'),
      });
    }
  } finally {
    await rm(folder, { recursive: true });
  }
});

test.each([
  ['Latin-1', Buffer.from('ein grüner Apfel auf dem Tisch', 'latin1')],
  ['UTF-8 with a byte order mark', Buffer.from('\ufeffein grüner Apfel auf dem Tisch')],
  ['UTF-16', Buffer.from('\ufeffein grüner Apfel auf dem Tisch', 'utf16le')],
])('a text file in %s is read as it was written', async (_, bytes) => {
  const folder = await mkdtemp(join(tmpdir(), 'atelier-inputs-'));
  try {
    const path = join(folder, 'prompt.txt');
    await writeFile(path, bytes);
    expect(await readInputs([path], undefined)).toEqual({ input: { kind: 'text', text: 'ein grüner Apfel auf dem Tisch' } });
    await writeFile(path, Buffer.from('cbd2c1d3cecfc52ed1c2cccfcbcf', 'hex'));
    await expect(readInputs([path], undefined)).rejects.toMatchObject({ code: 'unsupported-media', hint: expect.stringContaining('UTF-8') });
  } finally {
    await rm(folder, { recursive: true });
  }
});

test('two inputs without names are refused with the names to use', async () => {
  await expect(readInputs(['one', 'two'], ['image', 'prompt'])).rejects.toMatchObject({ hint: 'Name each one: --input image=... --input prompt=...' });
});

test('a file is uploaded, a small text file is read', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'atelier-inputs-'));
  try {
    await writeFile(join(folder, 'a.txt'), 'hello');
    await writeFile(join(folder, 'b.png'), 'xyz');
    const inputs = await readInputs([`text=${join(folder, 'a.txt')}`, `image=${join(folder, 'b.png')}`], undefined);
    expect(inputs).toEqual({ text: { kind: 'text', text: 'hello' }, image: { kind: 'file', path: join(folder, 'b.png'), sizeBytes: 3 } });
  } finally {
    await rm(folder, { recursive: true });
  }
});
