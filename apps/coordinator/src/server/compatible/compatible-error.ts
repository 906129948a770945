import type { AtelierError } from '@atelier/protocol';

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

export function compatibleErrorBody(error: AtelierError) {
  const message = error.hint === undefined ? error.message : `${error.message} ${error.hint}`;
  return { error: { message, type: types[error.status] ?? (error.status < 500 ? 'invalid_request_error' : 'server_error'), param: null, code: error.code } };
}
