import { errorOfRequest, errorOfResponse } from '@atelier/client';

/** Asks this studio for something outside its typed API. @throws AtelierError what the studio said, or that it does not answer */
export async function ask(path: string, init: RequestInit = {}): Promise<Response> {
  const answer = await fetch(path, init).catch((thrown: unknown) => {
    throw errorOfRequest(thrown);
  });
  if (!answer.ok) throw await errorOfResponse(answer);
  return answer;
}
