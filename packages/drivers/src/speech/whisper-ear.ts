import type { PreTrainedModel, PreTrainedTokenizer, Processor } from '@huggingface/transformers';
import { type InferenceSession, Tensor } from 'onnxruntime-node';
import { drawnText, likeliestText } from './decode-text.ts';
import { compressionRatio } from './doubt.ts';
import type { Decoded, DecodeOptions, Ear, HeardWindow } from './ear.ts';
import { logSum, type TokenRules } from './token-rules.ts';
import { type Decoder, openDecoder, type Past } from './whisper-decoder.ts';
import type { Attention } from './words.ts';

/** A Whisper model as Transformers.js opens it. */
export interface WhisperModel {
  readonly model: PreTrainedModel;
  readonly tokenizer: PreTrainedTokenizer;
  readonly processor: Processor;
}

/** What Transformers.js reads from generation_config.json and leaves untyped. */
export interface WhisperSettings {
  readonly decoder_start_token_id: number;
  readonly eos_token_id: number;
  readonly no_timestamps_token_id: number;
  readonly prev_sot_token_id?: number;
  readonly is_multilingual?: boolean;
  readonly lang_to_id?: Readonly<Record<string, number>>;
  readonly task_to_id?: Readonly<Record<string, number>>;
  readonly suppress_tokens?: readonly number[];
  readonly begin_suppress_tokens?: readonly number[];
  readonly max_initial_timestamp_index?: number;
  /** Layer and head. */
  readonly alignment_heads?: ReadonlyArray<readonly [number, number]>;
}

/** Positions of the decoder of every model that OpenAI published, where a model's settings do not say. */
const usualPositions = 448;
const unspaced: ReadonlySet<string> = new Set(['zh', 'ja', 'th', 'lo', 'my', 'yue']);

export interface EarOptions {
  /** ISO 639-1; undefined lets a model of several languages find out. */
  readonly language?: string | undefined;
  /** The languages among which it finds out. */
  readonly languages: readonly string[];
  /** Words that may come, such as names, as if they had just been said. */
  readonly prompt?: string | undefined;
}

/** Hears with a Whisper model by its ONNX graphs. */
export function whisperEar(whisper: WhisperModel, options: EarOptions): Ear {
  const settings = whisper.model.generation_config as unknown as WhisperSettings;
  const rules = rulesOf(settings);
  const decoder = openDecoder(whisper.model);
  const { median_filter_width: medianWidth = 7, max_target_positions: positions = usualPositions } = whisper.model.config as {
    median_filter_width?: number;
    max_target_positions?: number;
  };
  // As OpenAI's whisper/decoding.py shares the positions: one half for what came before, less its mark, one for the text.
  const half = Math.floor(positions / 2);
  const previous = promptTokens(whisper.tokenizer, settings, options.prompt, half - 1);
  const text = (tokens: readonly number[]) => (tokens.length === 0 ? '' : whisper.tokenizer.decode([...tokens], { skip_special_tokens: true }));
  const hear = async (sound: Float32Array): Promise<HeardWindow> => {
    const { input_features } = (await whisper.processor(sound)) as { input_features: { data: Float32Array; dims: readonly number[] } };
    const states = await encode(whisper.model, input_features);
    const language = await spokenLanguage(decoder, settings, options, states);
    const start = startTokens(settings, language);
    const window = { decoder, settings, rules, states, text, prefix: [...previous, ...start], startsAt: previous.length, mostTokens: positions };
    const heads = settings.alignment_heads;
    return {
      language,
      decode: (how) => decode(window, how),
      ...(heads && decoder.tellsAttention ? { attention: (tokens: readonly number[]) => attend(window, heads, start, tokens) } : {}),
    };
  };
  return { rules, hasSpaces: !unspaced.has(options.language ?? 'en'), medianWidth, mostTokens: half, text, hear };
}

function rulesOf(settings: WhisperSettings): TokenRules {
  return {
    end: settings.eos_token_id,
    noTimestamps: settings.no_timestamps_token_id,
    suppressed: settings.suppress_tokens ?? [],
    suppressedFirst: settings.begin_suppress_tokens ?? [],
    latestFirstTimestamp: settings.max_initial_timestamp_index ?? 50,
  };
}

function promptTokens(tokenizer: PreTrainedTokenizer, { prev_sot_token_id }: WhisperSettings, prompt: string | undefined, most: number): number[] {
  if (!prompt?.trim() || prev_sot_token_id === undefined) return [];
  const tokens = tokenizer.encode(` ${prompt.trim()}`, { add_special_tokens: false });
  return [prev_sot_token_id, ...tokens.slice(-most)];
}

async function encode(model: PreTrainedModel, { data, dims }: { data: Float32Array; dims: readonly number[] }): Promise<Tensor> {
  const encoder = model.sessions.model as InferenceSession;
  const { last_hidden_state } = await encoder.run({ input_features: new Tensor('float32', data, dims) });
  return last_hidden_state as Tensor;
}

/** The codes of the languages that a model has tokens for; none for a model of one language. */
function languageTokens({ is_multilingual, lang_to_id = {} }: WhisperSettings): ReadonlyMap<string, number> {
  const tokens = is_multilingual === false ? [] : Object.entries(lang_to_id);
  return new Map(tokens.map(([name, token]) => [name.replaceAll(/[<|>]/g, ''), token]));
}

/** The language that was asked for, the only one there is, or, of several, the one that the model hears at the start of a window. */
async function spokenLanguage(decoder: Decoder, settings: WhisperSettings, { language, languages }: EarOptions, states: Tensor): Promise<string | undefined> {
  const [only, ...others] = languages;
  if (language !== undefined || others.length === 0) return language ?? only;
  const tokens = languageTokens(settings);
  const { logits } = await decoder.run([[settings.decoder_start_token_id]], states);
  const likelihood = (code: string) => logits[tokens.get(code) ?? -1] ?? Number.NEGATIVE_INFINITY;
  return languages.reduce((best, code) => (likelihood(code) > likelihood(best) ? code : best));
}

/** What stands before the first word: the start, and for a model of several languages which one is spoken, and that it is not translated. */
function startTokens(settings: WhisperSettings, language: string | undefined): number[] {
  const start = settings.decoder_start_token_id;
  const spoken = languageTokens(settings).get(language ?? '');
  const transcribe = settings.task_to_id?.transcribe;
  return spoken === undefined || transcribe === undefined ? [start] : [start, spoken, transcribe];
}

interface WindowState {
  readonly decoder: Decoder;
  readonly settings: WhisperSettings;
  readonly rules: TokenRules;
  readonly states: Tensor;
  readonly text: (tokens: readonly number[]) => string;
  readonly prefix: readonly number[];
  /** Where in the prefix the start token stands. */
  readonly startsAt: number;
  /** Tokens that the decoder has places for, those of the prefix among them. */
  readonly mostTokens: number;
}

async function decode(window: WindowState, { temperature, random, mostTokens }: DecodeOptions): Promise<Decoded> {
  const { decoder, rules, states, prefix } = window;
  const step = await decoder.run([prefix], states);
  const size = step.logits.length / prefix.length;
  const noSpeech = step.logits.slice(window.startsAt * size, (window.startsAt + 1) * size);
  const noSpeechProbability = Math.exp((noSpeech[rules.noTimestamps - 1] as number) - logSum(noSpeech));
  const most = Math.min(mostTokens, window.mostTokens - prefix.length);
  const first = { ...step, logits: step.logits.slice(-size) };
  const next = (tokens: readonly number[], past: Past) =>
    decoder.run(
      tokens.map((token) => [token]),
      states,
      past,
    );
  const written = temperature === 0 ? await likeliestText(first, next, rules, most) : await drawnText(first, next, rules, { most, temperature, random });
  const { tokens, ended, sum } = written;
  const text = window.text(tokens.filter((token) => token < rules.end)).trim();
  return { tokens, text, ended, noSpeechProbability, temperature, averageLogProbability: sum / (tokens.length + 1), compressionRatio: compressionRatio(text) };
}

/** Hears the text again all at once, as OpenAI's whisper/timing.py does, to see what each token looks at. */
async function attend(
  { decoder, rules, states }: WindowState,
  heads: NonNullable<WhisperSettings['alignment_heads']>,
  start: readonly number[],
  text: readonly number[],
): Promise<Attention> {
  const attentions = await decoder.attentions([...start, rules.noTimestamps, ...text, rules.end], states);
  const tokens = text.length + 1;
  const frames = states.dims[1] as number;
  const weights = new Float32Array(heads.length * tokens * frames);
  for (const [place, [layer, head]] of heads.entries()) {
    const { data, dims } = attentions[layer] as Tensor;
    const rows = dims[2] as number;
    // The row of a token is the one that leads to it: that of the token before.
    const from = (head * rows + start.length) * frames;
    weights.set((data as Float32Array).subarray(from, from + tokens * frames), place * tokens * frames);
  }
  return { heads: heads.length, tokens, frames, weights };
}
