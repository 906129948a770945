import type { RecipeDocument, TaskView } from '@atelier/protocol';
import { useQuery } from '@tanstack/react-query';
import { CircleCheck, FileInput, History, TriangleAlert } from 'lucide-react';
import type { ReactNode } from 'react';
import { useNavigate } from 'react-router';
import { api } from '../api/client.ts';
import { Problem, Skeleton } from '../ui/blocks.tsx';
import { Button } from '../ui/button.tsx';
import { Dialog } from '../ui/dialog.tsx';
import { complain } from '../ui/toast.tsx';
import { formatBytes } from '../units/bytes.ts';
import { ask, offerFile } from './dropped.ts';
import { FilePreview } from './file-preview.tsx';
import { type FileInput as RecipeFile, type StepReport, stepReports, textsOf } from './recipe-report.ts';
import { findRecipeFiles, restoreRecipe } from './restore-recipe.ts';
import { toComposer } from './uses.ts';

/** A file that says how it was made: restore that, or use the file as any other. */
export function RecipeDialog({ file, recipe, tasks }: { file: File; recipe: RecipeDocument; tasks: readonly TaskView[] }) {
  const navigate = useNavigate();
  const edges = useQuery(api.edges.list.queryOptions());
  const files = useQuery({ queryKey: ['recipe-files', recipe.inputs], queryFn: () => findRecipeFiles(recipe), staleTime: 0 });
  const reports = edges.data && stepReports(recipe, tasks, edges.data);
  const unknown = reports?.some((report) => report.model === 'unknown-task') ?? false;
  const restore = () => {
    if (!files.data || !reports) return;
    restoreRecipe(recipe, tasks, files.data, reports);
    ask(null);
    navigate('/', toComposer);
  };
  const use = () => {
    ask(null);
    offerFile(file, tasks).then((name) => name !== null && navigate('/', toComposer), complain);
  };
  return (
    <Dialog open onOpenChange={(open) => open || ask(null)} title="This file contains a recipe" description={file.name} width="wide">
      <div className="flex flex-col gap-5 sm:flex-row">
        <FilePreview file={file} className="max-h-56 w-full bg-well object-contain sm:w-56 sm:shrink-0" />
        <div className="flex min-w-0 grow flex-col gap-4">
          {textsOf(recipe).map(({ name, text }) => (
            <blockquote key={`${name} ${text}`} className="border-l-2 border-line-strong pl-3 text-base break-words">
              {text}
            </blockquote>
          ))}
          {reports && files.data ? (
            <ul className="flex flex-col gap-2.5">
              {reports.map((report) => (
                <StepLine key={report.stepId} report={report} />
              ))}
              {files.data.missing.map((missing) => (
                <MissingLine key={missing.name} file={missing} />
              ))}
            </ul>
          ) : (
            <Skeleton className="h-16" />
          )}
          {(edges.isError || files.isError) && (
            <Problem error={edges.error ?? files.error} onRetry={() => void Promise.all([edges.refetch(), files.refetch()])} />
          )}
        </div>
      </div>
      <div className="mt-6 flex flex-wrap justify-end gap-2">
        <Button icon={FileInput} onClick={use}>
          Use as input
        </Button>
        <Button look="primary" icon={History} disabled={!reports || !files.data || unknown} onClick={restore}>
          Restore recipe
        </Button>
      </div>
    </Dialog>
  );
}

const words: Record<StepReport['model'], (model: string) => string> = {
  same: (model) => `${model}, with the same files`,
  'other-weights': (model) => `${model} is here, but its files differ, so the result may differ.`,
  'not-here': (model) =>
    `${model} is on no machine here, so another model will be chosen and the result will differ. Pull it on the Fleet page to make the same again.`,
  'unknown-task': () => 'This studio does not know the task, so the chain cannot be restored.',
};

function StepLine({ report }: { report: StepReport }) {
  const seed = report.seed === null ? '' : ` · seed ${report.seed}`;
  return (
    <Line good={report.model === 'same'} title={`${report.title}${seed}`}>
      {words[report.model](report.modelId ?? 'Its model')}
    </Line>
  );
}

function MissingLine({ file }: { file: RecipeFile }) {
  return (
    <Line good={false} title={`The ${file.name} is not among your files`}>
      A file of {formatBytes(file.sizeBytes)} ({file.mediaType}), SHA-256 <span className="number">{file.hash.slice(0, 12)}…</span>. Choose it in the composer,
      or give another one.
    </Line>
  );
}

function Line({ good, title, children }: { good: boolean; title: string; children: ReactNode }) {
  const Icon = good ? CircleCheck : TriangleAlert;
  return (
    <li className="flex items-start gap-2.5 text-sm">
      <Icon aria-hidden className={`mt-0.5 size-4 shrink-0 ${good ? 'text-good' : 'text-warn'}`} />
      <span className="min-w-0">
        <span className="block font-medium">{title}</span>
        <span className="block text-muted text-pretty">{children}</span>
      </span>
    </li>
  );
}
