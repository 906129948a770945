import { useQuery } from '@tanstack/react-query';
import { api } from '../api/client.ts';
import type { NativeSize } from '../form/size-presets.ts';

/** What a model says of the images that it draws, by its manifest; undefined if it says nothing, or no model is chosen yet. */
export function useNativeSize(modelId: string | undefined): NativeSize | undefined {
  const models = useQuery(api.models.queryOptions({ staleTime: 10_000, enabled: modelId !== undefined }));
  const manifest = models.data?.find((model) => model.manifest.id === modelId)?.manifest;
  return manifest?.pictureSide === undefined ? undefined : { side: manifest.pictureSide, only: manifest.pictureSizes === 'own', title: manifest.title };
}
