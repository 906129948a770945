import { findTask } from './tasks/index.ts';
import { shortened } from './text/index.ts';

/** What a run is made of, as far as its name goes by it. */
export interface NamedByContent {
  /** Given by whoever made the chain, or the titles of its tasks. */
  readonly chainName: string;
  readonly steps: ReadonlyArray<{ readonly task: string; readonly parameters: Readonly<Record<string, unknown>> }>;
  /** In the order of the chain: texts as they are, files by their names. */
  readonly inputs: ReadonlyArray<{ readonly text: string | null; readonly fileName: string | null }>;
}

const runNameCharacters = 80;

/**
 * A name by which people know a run again: the first text that it was given, else the texts in its parameters (a walk's keyframes),
 * else the name of the first file. A name that somebody gave the chain comes before all of these.
 * @example runName({ chainName: 'Text to image', steps, inputs: [{ text: 'a red apple', fileName: null }] }) // 'a red apple'
 */
export function runName({ chainName, steps, inputs }: NamedByContent): string {
  const titles = steps.map(({ task }) => findTask(task).title).join(' → ');
  if (chainName !== titles) return chainName;
  const captions = steps.map(({ task, parameters }) => findTask(task).caption({ ...parameters }));
  const candidates = [...inputs.map(({ text }) => text), ...captions, ...inputs.map(({ fileName }) => fileName)];
  const words = candidates.map((candidate) => inOneLine(candidate ?? '')).find((candidate) => candidate !== '');
  return words === undefined ? chainName : shortened(words, runNameCharacters);
}

const inOneLine = (text: string) => text.replaceAll(/\s+/g, ' ').trim();
