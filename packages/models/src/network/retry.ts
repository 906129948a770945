import type { IncomingMessage } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import { AtelierError } from '@atelier/protocol';

interface Retry {
  /** How often something may fail in a row, without any progress, before it has failed. */
  readonly attempts: number;
  /** Milliseconds before the second try; doubled each time, up to 15 s. */
  readonly firstDelayMs: number;
}

export interface Patience {
  readonly signal: AbortSignal;
  readonly retry: Retry;
}

/** Thrown where a part of a file was asked for and the server can only send the whole. */
export class RangesRefused extends Error {}

/** A fault that may pass: broken connections, a busy server. */
export class Passing extends Error {
  readonly afterMs: number;
  constructor(message: string, afterMs = 0) {
    super(message);
    this.afterMs = afterMs;
  }
}

/**
 * Tries again where waiting may help, with growing pauses.
 * @param progress a number that grows when a try got further; then its failure does not count as one in a row
 * @throws AtelierError `cancelled`, `download-failed` after the last try, or at once what no waiting will change
 */
export async function withRetries<T>(
  url: URL,
  { signal, retry }: Patience,
  work: () => Promise<T>,
  progress: () => Promise<number> = async () => 0,
): Promise<T> {
  let failures = 0;
  let reached = await progress();
  for (;;) {
    try {
      return await work();
    } catch (error) {
      if (signal.aborted) throw stopped(error);
      if (!isPassing(error)) throw error;
      const now = await progress();
      failures = now > reached ? 1 : failures + 1;
      reached = now;
      if (failures >= retry.attempts) throw gaveUp(url, failures, error as Error);
      await waitBefore(failures, error as Error, { signal, retry });
    }
  }
}

function stopped(cause: unknown): AtelierError {
  return new AtelierError('cancelled', 'The download was stopped; what has come so far is kept.', { cause });
}

function gaveUp(url: URL, failures: number, cause: Error): AtelierError {
  return new AtelierError(
    'download-failed',
    `${url.host} could not be reached, tried ${failures} times: ${cause.message || (cause as NodeJS.ErrnoException).code}.`,
    {
      hint: 'Is this machine online? A proxy comes from HTTPS_PROXY, a registry of your own from the settings of npm and pip. The next try goes on where this one stopped.',
      cause,
    },
  );
}

async function waitBefore(failures: number, error: Error, { retry, signal }: Patience): Promise<void> {
  const grown = Math.min(retry.firstDelayMs * 2 ** (failures - 1), 15_000);
  const asked = error instanceof Passing ? Math.min(error.afterMs, 60_000) : 0;
  await pause(Math.max(asked, grown * (0.5 + Math.random() / 2)), undefined, { signal }).catch((cause: unknown) => {
    throw stopped(cause);
  });
}

/** Faults of the disk, of certificates and our own errors do not pass by waiting; whatever else breaks a connection may. */
function isPassing(error: unknown): boolean {
  if (error instanceof Passing) return true;
  if (error instanceof AtelierError || error instanceof RangesRefused || error instanceof TypeError || error instanceof SyntaxError) return false;
  const code = (error as NodeJS.ErrnoException).code ?? '';
  return !/^(ENOSPC|EDQUOT|EACCES|EPERM|EROFS|EIO|ENOENT|EISDIR|ENOTDIR|EMFILE|ERR_TLS|CERT_|SELF_SIGNED|DEPTH_ZERO|UNABLE_TO|ERR_INVALID)/.test(code);
}

/** What a status other than success means: to try again, or an error that says what to do. */
export function faultOf(url: URL, response: IncomingMessage): Error {
  const status = response.statusCode ?? 0;
  if (status === 408 || status === 429 || status >= 500)
    return new Passing(`the server answered ${status}`, Number(response.headers['retry-after'] ?? 0) * 1000 || 0);
  const needsKey = status === 401 || status === 403;
  const hint = needsKey ? 'It may need a token in the settings of npm, pip or Hugging Face (HF_TOKEN).' : 'Check the source in the manifest.';
  return new AtelierError('download-failed', `${url.host} answered ${status} for ${url.pathname}.`, { hint });
}
