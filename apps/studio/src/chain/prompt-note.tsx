import type { PlanSet } from '@atelier/protocol';
import { useQuery } from '@tanstack/react-query';
import { api } from '../api/client.ts';
import type { InputUse } from './chain-inputs.ts';
import { cutOf } from './prompt-length.ts';

interface PromptNoteProps {
  id: string;
  text: string;
  reader: InputUse | undefined;
  plan: PlanSet | undefined;
}

/** Says beside a prompt when the model that the plan chose reads less of it than was written. */
export function PromptNote({ id, text, reader, plan }: PromptNoteProps) {
  const models = useQuery(api.models.queryOptions({ staleTime: 60_000 }));
  const chosen = plan?.plans[0]?.steps.find((step) => step.stepId === reader?.step.id)?.offer.modelId;
  const manifest = models.data?.find((model) => model.manifest.id === chosen)?.manifest;
  const most = manifest?.promptTokens;
  const cut = most === undefined ? null : cutOf(text, most);
  return (
    <p id={id} role="status" className="mt-1 text-sm text-warn text-pretty empty:hidden">
      {cut &&
        manifest &&
        `About ${cut.tokens} tokens; ${manifest.title} reads ${most}. Probably left out: “${shortened(cut.words)}”. (The count is an estimate.)`}
    </p>
  );
}

const shortened = (words: string) => (words.length > 80 ? `${words.slice(0, 50)} … ${words.slice(-25)}` : words);
