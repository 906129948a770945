import { AtelierError, limits, type RunEvent, TextUsage } from '@atelier/protocol';
import type { Person } from '../identity/caller.ts';
import type { Services } from '../services.ts';
import type { Message } from './message.ts';
import { outputBytes, outputText, runSingleStep, type SingleStep } from './single-step.ts';

/** One text that is asked for. */
export interface TextQuestion {
  readonly model: string;
  readonly parameters: Record<string, unknown>;
  /** Messages of a chat, or a text that is to be continued. */
  readonly from: readonly Message[] | string;
}

export interface TextAnswer {
  readonly text: string;
  /** Undefined if the model's driver does not count. */
  readonly usage: TextUsage | undefined;
}

/** What answers have by default, if the request does not say: enough for a paragraph or two. */
export const usualTokens = 512;

/**
 * Asks for a text as one step of text-generation.
 * @param onText is told each piece while it is written; together they are the whole text
 * @throws AtelierError why there is none
 */
export async function askText(
  services: Services,
  person: Person,
  question: TextQuestion,
  options: { signal: AbortSignal; onText?: (delta: string) => void },
): Promise<TextAnswer> {
  const step = await asStep(services, person, question);
  const { onText } = options;
  if (!onText) return answerOf(services, await runSingleStep(services, person, step, options));
  let told = '';
  let attempt: string | undefined;
  const onEvent = (event: RunEvent): void => {
    if (event.kind !== 'text') return;
    // A second attempt begins again, but what was sent cannot be taken back: the rest comes from the whole text at the end.
    attempt ??= event.attemptId;
    // A watcher begins once, so what was written before is told first.
    if (event.attemptId !== attempt || (event.soFar && told !== '')) return;
    told += event.delta;
    onText(event.delta);
  };
  const answer = await answerOf(services, await runSingleStep(services, person, step, { ...options, onEvent }));
  const rest = restOf(answer.text, told);
  if (rest !== '') onText(rest);
  return answer;
}

/**
 * Asks for several texts at once. One that fails makes the whole answer an error, so that the others are cancelled then.
 * @param onText is told of which question a piece is
 * @param onAnswer is told each answer as soon as it is whole
 */
export async function askTexts(
  services: Services,
  person: Person,
  questions: readonly TextQuestion[],
  options: { signal: AbortSignal; onText?: (index: number, delta: string) => void; onAnswer?: (index: number, answer: TextAnswer) => void },
): Promise<TextAnswer[]> {
  const failed = new AbortController();
  const signal = AbortSignal.any([failed.signal, options.signal]);
  const { onText, onAnswer } = options;
  const ask = async (question: TextQuestion, index: number): Promise<TextAnswer> => {
    const answer = await askText(services, person, question, { signal, ...(onText ? { onText: (delta) => onText(index, delta) } : {}) });
    onAnswer?.(index, answer);
    return answer;
  };
  try {
    return await Promise.all(questions.map(ask));
  } catch (thrown) {
    failed.abort();
    throw thrown;
  }
}

async function asStep(services: Services, person: Person, { model, parameters, from }: TextQuestion): Promise<SingleStep> {
  if (typeof from === 'string')
    return { task: 'text-generation', model, parameters: { instruction: 'continue', ...parameters }, inputs: { prompt: { text: from } } };
  const messages = JSON.stringify(from);
  if (Buffer.byteLength(messages) > limits.textBytes) {
    throw new AtelierError('too-large', `The messages have over ${limits.textBytes} bytes.`, { hint: 'Leave the oldest ones out.' });
  }
  const { outputId } = await services.uploads.keep(person, Buffer.from(messages), 'application/json');
  return { task: 'text-generation', model, parameters: { instruction: 'chat', ...parameters }, inputs: { prompt: { outputId } } };
}

async function answerOf(services: Services, result: Awaited<ReturnType<typeof runSingleStep>>): Promise<TextAnswer> {
  const counted = result.outputs.find((output) => output.port === 'usage');
  const usage = counted && TextUsage.safeParse(JSON.parse((await outputBytes(services, counted)).toString('utf8')));
  return { text: await outputText(services, result), usage: usage?.data };
}

/**
 * What of the whole text was not streamed. Streamed pieces may differ from it in white space at both ends.
 * @throws AtelierError `unavailable` if the pieces are not its beginning: another attempt wrote it otherwise, or a piece was lost. A reader must not take them for the answer
 */
export function restOf(content: string, told: string): string {
  if (content.startsWith(told)) return content.slice(told.length);
  const start = told.trimStart();
  if (content.startsWith(start)) return content.slice(start.length);
  if (content === start.trimEnd()) return '';
  throw new AtelierError('unavailable', 'The answer was begun on one machine and written again on another, so what was streamed is not its beginning.', {
    hint: 'Ask again; the whole answer stands in the run.',
  });
}

/** OpenAI's counts over several answers to one question; undefined unless all of them were counted. */
export function usageOf(answers: readonly TextAnswer[]) {
  const counted = answers.map(({ usage }) => usage).filter((usage) => usage !== undefined);
  const [first] = counted;
  if (first === undefined || counted.length < answers.length) return undefined;
  const completion = counted.reduce((sum, usage) => sum + usage.completionTokens, 0);
  return { prompt_tokens: first.promptTokens, completion_tokens: completion, total_tokens: first.promptTokens + completion };
}

export const finishOf = ({ usage }: TextAnswer) => usage?.finish ?? 'stop';
