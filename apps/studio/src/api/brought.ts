import { errorOfRequest } from '@atelier/client';

/** Code that does not come says the same as anything else that the studio does not answer. */
export const brought = <T>(code: Promise<T>): Promise<T> =>
  code.catch((thrown: unknown) => {
    throw errorOfRequest(thrown);
  });
