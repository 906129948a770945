import { useQuery } from '@tanstack/react-query';
import { Sparkles } from 'lucide-react';
import { api } from '../api/client.ts';
import { LargerModels } from '../fleet/larger-models.tsx';

/** Says what to expect of the starter models, where they are all there is for pictures. */
export function StarterNote() {
  const models = useQuery(api.models.queryOptions({ staleTime: 60_000 }));
  const drawing = models.data?.filter((model) => model.manifest.tasks.includes('text-to-image') && model.edges.some((edge) => edge.state === 'ready')) ?? [];
  if (drawing.length === 0 || drawing.some((model) => model.manifest.id !== 'starter-diffusion')) return null;
  return (
    <aside aria-label="About the starter model" className="mt-10 flex items-start gap-4 rounded-2xl border border-line px-5 py-4 sm:px-6">
      <Sparkles aria-hidden className="mt-1 size-5 shrink-0 text-warn" />
      <p className="text-sm text-muted text-pretty">
        <span className="font-medium text-ink">The starter model draws toys.</span> Its images are 128 px wide, in the style of emoji, and done in a moment on
        any computer. It is here so that everything works from the first minute. For real images, <LargerModels words="see what fits on your machines" />.
      </p>
    </aside>
  );
}
