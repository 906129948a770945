import { readFile } from 'node:fs/promises';
import type { AtelierClient } from '@atelier/client';
import {
  AtelierError,
  type Chain,
  decodeText,
  findTask,
  listTasks,
  parseChainText,
  type ResolvedChain,
  resolveChain,
  type TaskView,
  taskView,
} from '@atelier/protocol';
import { findSavedChain } from './saved-chain.ts';
import type { ParameterSchema, SchemaOf } from './settings-text.ts';

/** A chain as it was given, and what could be found out about it without the studio. */
export interface GivenChain {
  readonly chain: Chain;
  /** Undefined if it names a task that only the studio knows. */
  readonly resolved: ResolvedChain | undefined;
}

/**
 * Reads the chain argument: a YAML or JSON file, one task, a comma list, words joined by arrows, or the name of a saved chain.
 * @throws AtelierError `not-found`-like `invalid-input` for a missing file, and what resolving says
 */
export async function readChain(argument: string, client: AtelierClient): Promise<GivenChain> {
  const chain = parseChainText(await chainText(argument));
  try {
    return { chain, resolved: resolveChain(chain) };
  } catch (thrown) {
    if (AtelierError.from(thrown).code !== 'unknown-task') throw thrown;
    const saved = await findSavedChain(client, argument);
    // Otherwise a task may be meant that only the studio knows.
    return saved ? { chain: saved.chain, resolved: saved.chain } : { chain, resolved: undefined };
  }
}

/** Whether a text that is no file is a chain by itself: a task, or several. */
export function isChain(text: string): boolean {
  try {
    resolveChain(parseChainText(text));
    return true;
  } catch {
    return false;
  }
}

async function chainText(argument: string): Promise<string> {
  const looksLikeFile = /\.(ya?ml|json)$/i.test(argument) || argument.startsWith('./') || argument.startsWith('/');
  if (argument.includes('->') || argument.includes('\n')) return argument;
  const bytes = await readFile(argument).catch((cause: NodeJS.ErrnoException) => {
    if (!looksLikeFile) return undefined;
    throw new AtelierError('invalid-input', `The chain ${argument} cannot be read: ${cause.code === 'ENOENT' ? 'there is no such file' : cause.message}.`, {
      cause,
    });
  });
  if (bytes === undefined) return argument;
  const text = decodeText(bytes);
  // A file with a single line would else be read as words.
  return text.includes('\n') ? text : `${text}\n`;
}

/** Schemas of all parameters of a chain's steps. Tasks that this program does not know come from the studio's list. */
export function schemasOf({ chain, resolved }: GivenChain, views: readonly TaskView[]): SchemaOf {
  const steps =
    resolved?.steps ?? chain.steps.map((step) => (typeof step === 'string' ? { id: step, task: step } : { id: step.id ?? step.task, task: step.task }));
  return (name) => {
    const [first, parameter] = name.includes('.') ? (name.split('.') as [string, string]) : [undefined, name];
    for (const step of steps) {
      if (first !== undefined && step.id !== first) continue;
      const schema = parametersOf(step.task, views)[parameter];
      if (schema) return schema;
    }
    return undefined;
  };
}

/** A task's parameters by name, as JSON Schema. */
export function parametersOf(task: string, views: readonly TaskView[]): Record<string, ParameterSchema> {
  const view = views.find((one) => one.name === task);
  const known = listTasks().some((one) => one.name === task);
  const schema = view?.parameters ?? (known ? findTask(task).parameters.toJSONSchema({ io: 'input' }) : {});
  return (schema as { properties?: Record<string, ParameterSchema> }).properties ?? {};
}

/** What running steps of a task can be told: by kind, the values by name. */
export function controlsOf(task: string, views: readonly TaskView[]): Record<string, Record<string, ParameterSchema>> {
  const view =
    views.find((one) => one.name === task) ??
    listTasks()
      .filter((one) => one.name === task)
      .map(taskView)[0];
  const kinds = Object.entries(view?.controls ?? {}) as Array<[string, { properties?: Record<string, ParameterSchema> }]>;
  return Object.fromEntries(kinds.map(([kind, schema]) => [kind, schema.properties ?? {}]));
}
