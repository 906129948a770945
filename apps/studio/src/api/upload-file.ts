import { upload } from '@atelier/client';
import type { ExampleView, UploadView } from '@atelier/protocol';
import { AtelierError } from '@atelier/protocol';
import { client } from './client.ts';

/** Uploads a file resumably. @param onProgress gets 0 to 1 */
export function uploadFile(file: File, onProgress: (fraction: number) => void, signal?: AbortSignal): Promise<UploadView> {
  return upload(client, file, {
    name: file.name,
    mediaType: file.type || 'application/octet-stream',
    onProgress: ({ fraction }) => onProgress(fraction),
    ...(signal ? { signal } : {}),
  });
}

/** A file that comes with an example. @throws AtelierError `not-found` */
export async function exampleFile(input: Extract<ExampleView['inputs'][string], { file: string }>): Promise<File> {
  const answer = await fetch(`/api/examples/files/${encodeURIComponent(input.file)}`);
  if (!answer.ok) throw new AtelierError('not-found', `The example's file ${input.file} is not here.`, { hint: 'Choose a file of your own, or record one.' });
  return new File([await answer.blob()], input.file.split('/').at(-1) ?? 'example', { type: input.mediaType });
}
