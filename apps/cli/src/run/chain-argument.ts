import { readFile } from 'node:fs/promises';
import { AtelierError, type Chain, findTask, listTasks, parseChainText, type ResolvedChain, resolveChain, type TaskView } from '@atelier/protocol';
import type { ParameterSchema, SchemaOf } from './settings-text.ts';

/** A chain as it was given, and what could be found out about it without the studio. */
export interface GivenChain {
  readonly chain: Chain;
  /** Undefined where it names a task that only the studio knows. */
  readonly resolved: ResolvedChain | undefined;
}

/**
 * Reads the chain argument: a YAML or JSON file, one task, a comma list, or words joined by arrows.
 * @throws AtelierError `not-found`-like `invalid-input` for a missing file, and what resolving says
 */
export async function readChain(argument: string): Promise<GivenChain> {
  const chain = parseChainText(await chainText(argument));
  try {
    return { chain, resolved: resolveChain(chain) };
  } catch (thrown) {
    if (AtelierError.from(thrown).code === 'unknown-task') return { chain, resolved: undefined };
    throw thrown;
  }
}

async function chainText(argument: string): Promise<string> {
  const looksLikeFile = /\.(ya?ml|json)$/i.test(argument) || argument.startsWith('./') || argument.startsWith('/');
  if (argument.includes('->') || argument.includes('\n')) return argument;
  const text = await readFile(argument, 'utf8').catch((cause: NodeJS.ErrnoException) => {
    if (!looksLikeFile) return undefined;
    throw new AtelierError('invalid-input', `The chain ${argument} cannot be read: ${cause.code === 'ENOENT' ? 'there is no such file' : cause.message}.`, {
      cause,
    });
  });
  if (text === undefined) return argument;
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
