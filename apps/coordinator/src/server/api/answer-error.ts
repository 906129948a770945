import { AtelierError, type ErrorCode, errorCodes } from '@atelier/protocol';
import { ORPCError } from '@orpc/server';
import { requestId } from '../request-id.ts';

/** Codes of oRPC's own errors that say what a client did wrong. */
const codeOf: Readonly<Record<string, ErrorCode>> = {
  BAD_REQUEST: 'invalid-input',
  NOT_FOUND: 'not-found',
  METHOD_NOT_SUPPORTED: 'not-found',
  PAYLOAD_TOO_LARGE: 'too-large',
  UNSUPPORTED_MEDIA_TYPE: 'unsupported-media',
  CLIENT_CLOSED_REQUEST: 'cancelled',
};

/** Anything thrown on the way to an answer, as the error that is answered. */
export function asAnswer(thrown: unknown): AtelierError {
  if (thrown instanceof ORPCError) return fromOrpc(thrown);
  if (thrown instanceof SyntaxError) return new AtelierError('invalid-input', 'The body is not valid JSON.', { cause: thrown });
  if (isAboutNobody(thrown)) {
    return new AtelierError('unauthenticated', 'The account with which you asked was removed meanwhile.', { hint: 'Ask an owner.', cause: thrown });
  }
  return isUnkeptText(thrown) ? unkeptText(thrown) : AtelierError.from(thrown);
}

/** What was written for somebody who was removed while it was on its way: PostgreSQL finds nobody whose it could be (23503, appendix A). */
function isAboutNobody(thrown: unknown): boolean {
  for (let error = thrown; error instanceof Error; error = error.cause) {
    const { code, constraint } = error as { code?: string; constraint?: string };
    if (code === '23503' && constraint?.endsWith('_user_id_fk')) return true;
  }
  return false;
}

/** PostgreSQL's codes for texts that it cannot keep, or that are no id: what came from outside was wrong, wherever it slipped through. */
const codesOfTexts = ['22021', '22P02', '22P05'];

function isUnkeptText(thrown: unknown): boolean {
  for (let error = thrown; error instanceof Error; error = error.cause) {
    if (codesOfTexts.includes((error as { code?: string }).code ?? '')) return true;
  }
  return false;
}

function unkeptText(cause: unknown): AtelierError {
  return new AtelierError('invalid-input', 'A text cannot be kept: it holds the character zero, half of a character, or is no id.', {
    hint: 'Type it again: such characters come with copies of damaged files.',
    cause,
  });
}

/**
 * What may be told of an error. A defect of ours may hold anything: statements, ids, paths, what others sent. So it is named by its
 * request alone; the log has the rest under the same id.
 */
export function tellable(error: AtelierError): AtelierError {
  if (error.code !== 'internal') return error;
  const id = requestId();
  return new AtelierError('internal', `Something failed in Atelier itself${id === undefined ? '.' : ` (request ${id}).`}`, {
    hint: 'Try again. The log of the coordinator tells more under this id.',
    cause: error,
  });
}

/** The same as oRPC sends it: `data` holds the whole error body, and the status is the code's. */
export function asOrpcError(thrown: AtelierError): ORPCError<string, unknown> {
  const error = tellable(thrown);
  return new ORPCError(error.code, { status: errorCodes[error.code].status, message: error.message, data: error.toJSON(), cause: error });
}

/** `{ error: { code, message, hint } }` with the status of its code: the answer of every route outside oRPC. */
export function errorResponse(thrown: AtelierError): Response {
  const error = tellable(thrown);
  const headers: Record<string, string> = error.code === 'rate-limited' ? { 'retry-after': '60' } : {};
  return Response.json({ error: error.toJSON() }, { status: error.status, headers });
}

function fromOrpc(error: ORPCError<string, unknown>): AtelierError {
  const issues = (error.data as { issues?: { message: string; path?: PropertyKey[] }[] } | undefined)?.issues;
  if (error.code === 'BAD_REQUEST' && issues) {
    const [first] = issues;
    const where = first?.path?.map(String).join('.') ?? '';
    return new AtelierError('invalid-input', `${where === '' ? '' : `${where}: `}${first?.message ?? 'not valid'}`, { cause: error });
  }
  return new AtelierError(codeOf[error.code] ?? 'internal', error.message, { cause: error });
}
