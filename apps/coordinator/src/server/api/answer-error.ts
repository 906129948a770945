import { AtelierError, type ErrorCode, errorCodes } from '@atelier/protocol';
import { ORPCError } from '@orpc/server';

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
  return AtelierError.from(thrown);
}

/** The same as oRPC sends it: `data` holds the whole error body, and the status is the code's. */
export function asOrpcError(error: AtelierError): ORPCError<string, unknown> {
  return new ORPCError(error.code, { status: errorCodes[error.code].status, message: error.message, data: error.toJSON(), cause: error });
}

/** `{ error: { code, message, hint } }` with the status of its code: the answer of every route outside oRPC. */
export function errorResponse(error: AtelierError): Response {
  const headers: Record<string, string> = error.code === 'rate-limited' ? { 'retry-after': '60' } : {};
  return Response.json({ error: error.toJSON() }, { status: error.status, headers });
}

function fromOrpc(error: ORPCError<string, unknown>): AtelierError {
  const issues = (error.data as { issues?: { message: string; path?: PropertyKey[] }[] } | undefined)?.issues;
  if (error.code === 'BAD_REQUEST' && issues) {
    const [first] = issues;
    const where = first?.path?.map(String).join('.') ?? '';
    return new AtelierError('invalid-input', `${where === '' ? '' : `${where}: `}${first?.message ?? 'not valid'}`, {
      hint: 'What each field takes stands at /docs.',
      cause: error,
    });
  }
  return new AtelierError(codeOf[error.code] ?? 'internal', error.message, { cause: error });
}
