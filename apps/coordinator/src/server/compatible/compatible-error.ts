import type { AtelierError } from '@atelier/protocol';
import { tellable } from '../api/answer-error.ts';
import { FieldError } from './fields.ts';

const types: Readonly<Record<number, string>> = {
  401: 'authentication_error',
  403: 'permission_error',
  404: 'not_found_error',
  429: 'rate_limit_error',
};

/** An error as OpenAI's clients read it. */
export function compatibleError(error: AtelierError): Response {
  return Response.json(compatibleErrorBody(error), { status: error.status });
}

export function compatibleErrorBody(thrown: AtelierError) {
  const error = tellable(thrown);
  const message = error.hint === undefined ? error.message : `${error.message} ${error.hint}`;
  return {
    error: {
      message,
      type: types[error.status] ?? (error.status < 500 ? 'invalid_request_error' : 'server_error'),
      param: thrown instanceof FieldError ? thrown.param : null,
      code: error.code,
    },
  };
}
