/**
 * The one error class of Atelier, with a closed set of codes.
 *
 * Every code carries the HTTP status that the API answers with and whether trying the same thing again may help.
 * docs/reference/errors.md has one line a code and is generated from {@link errorCodes}.
 */
export const errorCodes = {
  'invalid-input': { status: 400, retryable: false, meaning: 'A value does not have the form that was asked for.' },
  'unknown-task': { status: 400, retryable: false, meaning: 'No task of that name is declared.' },
  'unknown-model': { status: 404, retryable: false, meaning: 'No manifest of that name is known.' },
  'modality-mismatch': { status: 400, retryable: false, meaning: 'An output is wired to an input of another modality.' },
  'parameter-out-of-bounds': { status: 400, retryable: false, meaning: 'A parameter lies outside the bounds that its task declares.' },
  'no-offer': { status: 409, retryable: true, meaning: 'No edge offers a model for a step.' },
  unauthenticated: { status: 401, retryable: false, meaning: 'No valid session, token or key came with the request.' },
  forbidden: { status: 403, retryable: false, meaning: 'The caller is known but may not do this.' },
  'not-found': { status: 404, retryable: false, meaning: 'Nothing of that name exists, or the caller may not see it.' },
  conflict: { status: 409, retryable: false, meaning: 'The thing is in a state that does not allow this.' },
  'token-used': { status: 409, retryable: false, meaning: 'A single-use token was used already.' },
  'token-expired': { status: 401, retryable: false, meaning: 'A token is past its time.' },
  'too-large': { status: 413, retryable: false, meaning: 'Something is over its bound.' },
  'unsupported-media': { status: 415, retryable: false, meaning: 'The bytes are not of a kind that can be read here.' },
  'damaged-media': { status: 400, retryable: false, meaning: 'The bytes are of a known kind but truncated or damaged.' },
  'hash-mismatch': { status: 502, retryable: true, meaning: 'Bytes do not have the SHA-256 that names them.' },
  'download-failed': { status: 502, retryable: true, meaning: 'A file could not be downloaded.' },
  offline: { status: 409, retryable: false, meaning: 'Something must be downloaded, and downloading was switched off.' },
  'disk-full': { status: 507, retryable: true, meaning: 'A disk has no room left.' },
  'port-in-use': { status: 409, retryable: false, meaning: 'Another program listens on the port.' },
  'out-of-memory': { status: 507, retryable: false, meaning: 'A model needs more memory than its edge allows.' },
  'slot-crashed': { status: 500, retryable: true, meaning: 'The process that ran a step ended unexpectedly.' },
  'edge-lost': { status: 503, retryable: true, meaning: 'An edge stopped answering.' },
  'step-failed': { status: 500, retryable: true, meaning: 'A model could not finish a step.' },
  cancelled: { status: 409, retryable: false, meaning: 'Somebody stopped it.' },
  timeout: { status: 504, retryable: true, meaning: 'It took longer than its bound.' },
  'rate-limited': { status: 429, retryable: true, meaning: 'Too many requests in a short time.' },
  unavailable: { status: 503, retryable: true, meaning: 'A needed part is not ready yet.' },
  starting: { status: 503, retryable: true, meaning: 'The studio has just begun and takes no requests yet.' },
  internal: { status: 500, retryable: false, meaning: 'A defect in Atelier.' },
} as const satisfies Record<string, { status: number; retryable: boolean; meaning: string }>;

export type ErrorCode = keyof typeof errorCodes;

/** An error as it travels: over HTTP, to and from edges, and into the database. */
export interface ErrorBody {
  readonly code: ErrorCode;
  readonly message: string;
  readonly hint?: string | undefined;
}

export class AtelierError extends Error {
  readonly code: ErrorCode;
  /** What the reader can do about it, as one sentence. */
  readonly hint: string | undefined;

  constructor(code: ErrorCode, message: string, options: { hint?: string | undefined; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'AtelierError';
    this.code = code;
    this.hint = options.hint;
  }

  get status(): number {
    return errorCodes[this.code].status;
  }

  get retryable(): boolean {
    return errorCodes[this.code].retryable;
  }

  toJSON(): ErrorBody {
    return { code: this.code, message: this.message, ...(this.hint === undefined ? {} : { hint: this.hint }) };
  }

  /** Turns anything thrown, or an {@link ErrorBody} received, into an AtelierError; unknown things become `internal`. */
  static from(thrown: unknown): AtelierError {
    if (thrown instanceof AtelierError) return thrown;
    if (isErrorBody(thrown)) return new AtelierError(thrown.code, thrown.message, { hint: thrown.hint, cause: thrown });
    if (isSystemError(thrown)) return fromSystemError(thrown);
    // Libraries wrap what happened in an error of their own.
    if (thrown instanceof Error && thrown.cause !== undefined) {
      const inner = AtelierError.from(thrown.cause);
      if (inner.code !== 'internal') return inner;
    }
    if (thrown instanceof Error && thrown.message.startsWith('Connection terminated')) return fromSystemError(Object.assign(thrown, { code: '08006' }));
    const message = thrown instanceof Error ? thrown.message : String(thrown);
    return new AtelierError('internal', message, { cause: thrown });
  }
}

function isErrorBody(value: unknown): value is ErrorBody {
  if (typeof value !== 'object' || value === null) return false;
  const { code, message } = value as Partial<ErrorBody>;
  return typeof code === 'string' && code in errorCodes && typeof message === 'string';
}

function isSystemError(value: unknown): value is Error & { code: string; path?: string } {
  return value instanceof Error && typeof (value as { code?: unknown }).code === 'string';
}

function fromSystemError(error: Error & { code: string }): AtelierError {
  switch (error.code) {
    case 'ENOSPC':
    case 'EDQUOT':
      return new AtelierError('disk-full', 'The disk is full.', { hint: 'Free some space; then try again, nothing was lost.', cause: error });
    case 'EADDRINUSE':
      return new AtelierError('port-in-use', error.message, { hint: 'Stop the program that listens there, or choose another port with --port.', cause: error });
    default:
      return fromDatabase(error) ?? new AtelierError('internal', error.message, { cause: error });
  }
}

/** What PostgreSQL says by its SQLSTATE (PostgreSQL documentation, appendix A) that is nobody's mistake: a full disk, a server that starts or ends. */
function fromDatabase(error: Error & { code: string }): AtelierError | undefined {
  if (error.code === '53100') {
    return new AtelierError('disk-full', 'The disk of the database is full.', {
      hint: 'Free some space; then try again, nothing that was acknowledged was lost.',
      cause: error,
    });
  }
  // Insufficient resources, a server that starts or shuts down, a connection that broke.
  if (!/^(53|57P0|08)[0-9A-Z]+$/.test(error.code) || error.code.length !== 5) return undefined;
  return new AtelierError('unavailable', 'The database does not answer now.', {
    hint: 'Try again in a few seconds; what was acknowledged is kept.',
    cause: error,
  });
}
