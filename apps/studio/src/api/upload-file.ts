import type { ExampleView, UploadView } from '@atelier/protocol';
import { ask } from './ask.ts';
import { studio } from './client.ts';

/** Uploads a file resumably. @param onProgress gets 0 to 1 */
export function uploadFile(file: File, onProgress: (fraction: number) => void): Promise<UploadView> {
  return studio.upload(file, {
    name: file.name,
    mediaType: file.type || 'application/octet-stream',
    onProgress: (sentBytes, totalBytes) => onProgress(totalBytes === 0 ? 1 : sentBytes / totalBytes),
  });
}

/** A file that comes with an example. @throws AtelierError `not-found` */
export async function exampleFile(input: Extract<ExampleView['inputs'][string], { file: string }>): Promise<File> {
  const answer = await ask(`/api/examples/files/${encodeURIComponent(input.file)}`);
  return new File([await answer.blob()], input.file.split('/').at(-1) ?? 'example', { type: input.mediaType });
}
