import { AtelierError, type ErrorCode, errorCodes } from '@atelier/protocol';
import { ORPCError } from '@orpc/client';

/** Errors that say that no studio answered, as against those that a studio answered with. */
const unanswered = new WeakSet<AtelierError>();

/**
 * Whether nothing was heard of the studio itself: it could not be reached, the line broke, a proxy before it answered in its
 * place, or it has just begun and takes nothing yet. What was asked may be asked again when it answers.
 *
 * The code alone does not tell: a studio that answers also says `unavailable`, of an edge or of its database.
 */
export const isUnanswered = (error: unknown): boolean => error instanceof AtelierError && unanswered.has(error);

/** The same error, known from here on as one that no studio answered. */
export function markUnanswered(error: AtelierError): AtelierError {
  unanswered.add(error);
  return error;
}

/**
 * Turns what a request threw into an AtelierError.
 *
 * The server's convention: over oRPC an error's `data` is the protocol's ErrorBody; elsewhere under /api the body is
 * `{ error: ErrorBody }`. A request that never reached a server becomes `unavailable`, one that was called off `cancelled`.
 * Only for what came out of a request: fetch says by a TypeError that no answer came, and so do defects of a program.
 */
export function errorOfRequest(thrown: unknown): AtelierError {
  if (thrown instanceof AtelierError) return thrown;
  if (thrown instanceof ORPCError)
    return (
      bodyIn(thrown.data, thrown) ?? bodyIn((thrown.data as { body?: unknown } | undefined)?.body, thrown) ?? byStatus(thrown.status, thrown.message, thrown)
    );
  if (thrown instanceof Error && thrown.name === 'AbortError') return new AtelierError('cancelled', 'The request was called off.', { cause: thrown });
  // An answer broken off in the middle also ends here.
  if (thrown instanceof TypeError || isBroken(thrown)) return unreachable(thrown);
  return AtelierError.from(thrown);
}

/** The error that an answer outside oRPC holds. */
export async function errorOfResponse(response: Response): Promise<AtelierError> {
  const text = await response.text().catch(() => '');
  return errorOfBody(response.status, text);
}

/** The same from its parts. */
export function errorOfBody(status: number, text: string): AtelierError {
  try {
    const error = bodyIn(JSON.parse(text), undefined);
    if (error) return error;
  } catch {
    // Not JSON: a proxy in between answered, and only its status says something.
  }
  return byStatus(status, `The server answered with status ${status}.`, undefined);
}

function bodyIn(value: unknown, cause: unknown): AtelierError | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const body = 'error' in value && typeof value.error === 'object' && value.error !== null ? value.error : value;
  const { code, message, hint } = body as { code?: unknown; message?: unknown; hint?: unknown };
  if (typeof code !== 'string' || !(code in errorCodes) || typeof message !== 'string') return undefined;
  const error = new AtelierError(code as ErrorCode, message, { hint: typeof hint === 'string' ? hint : undefined, cause });
  return code === 'starting' ? markUnanswered(error) : error;
}

const codeByStatus: Record<number, ErrorCode> = {
  400: 'invalid-input',
  401: 'unauthenticated',
  403: 'forbidden',
  404: 'not-found',
  409: 'conflict',
  413: 'too-large',
  415: 'unsupported-media',
  429: 'rate-limited',
  502: 'unavailable',
  503: 'unavailable',
  504: 'timeout',
  507: 'disk-full',
};

/** What a proxy says whose studio does not answer it (RFC 9110, section 15.6). */
const saidByProxies = [502, 503, 504];

function byStatus(status: number, message: string, cause: unknown): AtelierError {
  const error = new AtelierError(codeByStatus[status] ?? 'internal', message, { cause });
  return saidByProxies.includes(status) ? markUnanswered(error) : error;
}

function unreachable(cause: unknown): AtelierError {
  return markUnanswered(new AtelierError('unavailable', 'The studio does not answer.', { hint: 'Is it running? Start it with: npx atelier start.', cause }));
}

function isBroken(thrown: unknown): boolean {
  const code = (thrown as { code?: unknown; cause?: { code?: unknown } } | null)?.code ?? (thrown as { cause?: { code?: unknown } } | null)?.cause?.code;
  return typeof code === 'string' && (/^(ECONN|EPIPE|ENOTFOUND|ETIMEDOUT|EAI_)/.test(code) || code.startsWith('UND_ERR'));
}
