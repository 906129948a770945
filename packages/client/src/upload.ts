import { AtelierError, type UploadView } from '@atelier/protocol';
import { DetailedError, type HttpRequest, type HttpResponse, Upload } from 'tus-js-client';
import { errorOfBody, errorOfRequest, markUnanswered } from './errors.ts';

/** In browsers a File, a Blob or bytes; in Node bytes or what `fs.createReadStream` gives, which is read again where an upload resumes. */
export type UploadBody = Blob | Uint8Array<ArrayBuffer> | { readonly path: string | Buffer; readonly readable: boolean };

export interface UploadOptions {
  readonly name?: string;
  /** Such as `audio/wav`. */
  readonly mediaType: string;
  readonly onProgress?: (sentBytes: number, totalBytes: number) => void;
  readonly signal?: AbortSignal;
}

interface UploadTarget {
  readonly endpoint: string;
  readonly headers: Record<string, string>;
  readonly result: (id: string) => Promise<UploadView>;
}

/** Waits between attempts in milliseconds: about half a minute of an absent server is survived. */
const retryDelays = [0, 300, 1000, 2000, 5000, 10_000, 10_000];

/** Sends bytes by the tus protocol and asks what they became. An upload that a page broke off earlier is taken up again. */
export async function upload(target: UploadTarget, body: UploadBody, options: UploadOptions): Promise<UploadView> {
  const url = await send(target, inputOf(body), options);
  const id = url.slice(url.lastIndexOf('/') + 1);
  return target.result(id);
}

function send(target: UploadTarget, input: UploadInput, options: UploadOptions): Promise<string> {
  return new Promise((resolve, reject) => {
    const transfer = new Upload(input, {
      endpoint: target.endpoint,
      headers: target.headers,
      metadata: { filename: options.name ?? 'upload', filetype: options.mediaType },
      retryDelays,
      onShouldRetry: (error) => mayComeRight(error),
      onAfterResponse: refuseUncertain,
      removeFingerprintOnSuccess: true,
      onProgress: options.onProgress ?? null,
      onError: (error) => reject(errorOf(error)),
      onSuccess: () => (transfer.url === null ? reject(new AtelierError('internal', 'An upload ended without an address.')) : resolve(transfer.url)),
    });
    const stop = () => {
      transfer.abort().catch(() => undefined);
      reject(new AtelierError('cancelled', 'The upload was called off.'));
    };
    if (options.signal?.aborted) return stop();
    options.signal?.addEventListener('abort', stop, { once: true });
    transfer
      .findPreviousUploads()
      .then(([earlier]) => {
        if (earlier) transfer.resumeFromPreviousUpload(earlier);
        if (!options.signal?.aborted) transfer.start();
      })
      .catch((thrown: unknown) => reject(errorOfRequest(thrown)));
  });
}

/** As tus-js-client decides by itself, but that a full disk is told at once. */
function mayComeRight(error: Error | DetailedError): boolean {
  const status = error instanceof DetailedError ? (error.originalResponse?.getStatus() ?? 0) : 0;
  if (status === 507 || globalThis.navigator?.onLine === false) return false;
  return status < 400 || status >= 500 || status === 409 || status === 423;
}

/**
 * Where a server that is starting or busy cannot say how far an upload is, tus-js-client would begin another one from its
 * first byte. Thrown here, it is a question without an answer, and is asked again.
 */
function refuseUncertain(request: HttpRequest, response: HttpResponse): void {
  const status = response.getStatus();
  if (request.getMethod() === 'HEAD' && (status >= 500 || status === 429)) throw errorOfBody(status, '');
}

type UploadInput = ConstructorParameters<typeof Upload>[0];

/** The two builds of tus-js-client take bytes in different clothes. */
function inputOf(body: UploadBody): UploadInput {
  if (!(body instanceof Uint8Array)) return body as UploadInput;
  if (typeof Buffer !== 'undefined') return Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  return new Blob([body]);
}

function errorOf(error: Error): AtelierError {
  if (!(error instanceof DetailedError)) return errorOfRequest(error);
  if (error.originalResponse) return errorOfBody(error.originalResponse.getStatus(), error.originalResponse.getBody());
  if (error.causingError instanceof AtelierError) return error.causingError;
  return markUnanswered(
    new AtelierError('unavailable', 'The upload broke off: the studio does not answer.', { hint: 'Try again once it does.', cause: error }),
  );
}
