import { AtelierError, type ErrorCode } from '@atelier/protocol';
import { CommanderError } from 'commander';

/** 0: fine. 1: it failed. 2: it was called wrongly, or with input that cannot be used. */
export type ExitCode = 0 | 1 | 2;

const callersFault: ReadonlySet<ErrorCode> = new Set([
  'invalid-input',
  'unknown-task',
  'modality-mismatch',
  'parameter-out-of-bounds',
  'unsupported-media',
  'damaged-media',
  'too-large',
]);

export function exitCodeOf(error: AtelierError): ExitCode {
  return callersFault.has(error.code) ? 2 : 1;
}

/** Says what went wrong on the standard error, as JSON where that was asked for. */
export function explain(thrown: unknown, options: { json: boolean }): ExitCode {
  if (thrown instanceof CommanderError) return thrown.exitCode === 0 ? 0 : 2;
  const error = AtelierError.from(thrown);
  if (options.json) process.stderr.write(`${JSON.stringify({ error: error.toJSON() })}\n`);
  else process.stderr.write(`${error.message}${error.hint === undefined ? '' : `\n${error.hint}`}\n`);
  if (error.code === 'internal' && process.env.ATELIER_DEBUG) process.stderr.write(`${error.stack}\n`);
  return exitCodeOf(error);
}
