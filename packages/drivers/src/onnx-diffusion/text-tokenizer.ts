import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { TextTokenizer } from '@atelier/diffusion';
import { AtelierError } from '@atelier/protocol';
import { Tokenizer } from '@huggingface/tokenizers';
import { clipTokenizer } from './clip-tokenizer.ts';

/**
 * Reads the tokenizer of a model: tokenizer.json, or for CLIP the pair of files that came before it.
 * @param name its folder: `tokenizer` or `tokenizer_2`
 * @throws AtelierError `invalid-input` naming the file that is missing or does not fit
 */
export async function readTokenizer(folder: string, name: string): Promise<{ tokenizer: TextTokenizer; config: Record<string, unknown> }> {
  const config = (await readJson(folder, `${name}/tokenizer_config.json`)) as Record<string, unknown>;
  const merges = join(folder, name, 'merges.txt');
  const isOlder = !existsSync(join(folder, name, 'tokenizer.json')) && existsSync(merges);
  const json = isOlder
    ? clipTokenizer((await readJson(folder, `${name}/vocab.json`)) as Record<string, number>, await readFile(merges, 'utf8'))
    : await readJson(folder, `${name}/tokenizer.json`);
  return { tokenizer: textTokenizer(json as object, config), config };
}

/** What Python's json writes for values that JSON cannot say: a scheduler_config.json of DPM-Solver holds -Infinity. */
const notJson = /(?<=[:[,]\s*)(?:-?Infinity|NaN)(?=\s*[,\]}])/g;

/**
 * Values that JSON cannot say are read as null: left out.
 * @throws AtelierError `invalid-input` if the file is missing or is not JSON
 */
export async function readJson(folder: string, file: string): Promise<unknown> {
  try {
    const text = await readFile(join(folder, file), 'utf8');
    return JSON.parse(file.endsWith('_config.json') ? text.replace(notJson, 'null') : text);
  } catch (cause) {
    throw new AtelierError('invalid-input', `The model's ${file} is missing or is not JSON.`, {
      hint: 'A model for this driver is a folder in the diffusers layout; pull it again if it came from the catalogue.',
      cause,
    });
  }
}

function textTokenizer(json: object, config: Record<string, unknown>): TextTokenizer {
  const tokenizer = new Tokenizer(json, config);
  const given = config.pad_token;
  const padToken = typeof given === 'object' && given !== null ? (given as { content?: unknown }).content : given;
  const encode = (text: string) => tokenizer.encode(text, { add_special_tokens: false }).ids;
  return { encode, ...specialTokens(tokenizer, encode), padId: typeof padToken === 'string' ? (tokenizer.token_to_id(padToken) ?? 0) : 0 };
}

/** What the tokenizer puts around every text, found by comparing a text with and without it. */
function specialTokens(tokenizer: Tokenizer, encode: (text: string) => readonly number[]): Pick<TextTokenizer, 'starts' | 'ends'> {
  const bare = encode('a');
  const whole: readonly number[] = tokenizer.encode('a').ids;
  const start = whole.findIndex((_, place) => bare.every((id, i) => whole[place + i] === id));
  return { starts: whole.slice(0, start), ends: whole.slice(start + bare.length) };
}
