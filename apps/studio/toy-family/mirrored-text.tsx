import { useQuery } from '@tanstack/react-query';
import { ask } from '../src/api/ask.ts';
import { contentUrl } from '../src/api/client.ts';
import type { ResultProps } from '../src/task-views/index.ts';

/** The text with what it was made from beneath, as in water. */
export function Component({ run, step, title }: ResultProps) {
  const id = step.outputs[0]?.id;
  const text = useQuery({ queryKey: ['toy', id], enabled: id !== undefined, queryFn: async () => (await ask(contentUrl(id ?? ''))).text() });
  return (
    <figure aria-label={`Mirror of ${title}`}>
      <p className="text-lg">{text.data ?? 'Nothing yet'}</p>
      <figcaption className="text-sm text-muted">{run.inputs[0]?.text}</figcaption>
    </figure>
  );
}
