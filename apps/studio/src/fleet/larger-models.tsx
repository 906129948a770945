import type { EdgeView, ModelView } from '@atelier/protocol';
import { useQuery } from '@tanstack/react-query';
import { CircleCheck, CircleSlash } from 'lucide-react';
import { useState } from 'react';
import { api } from '../api/client.ts';
import { Copyable, Problem, Skeleton } from '../ui/blocks.tsx';
import { Dialog } from '../ui/dialog.tsx';
import { formatBytes } from '../units/bytes.ts';
import { deviceOf, type Fit, families, fitOn } from './fits.ts';

/** Words that open what fits on the machines of the fleet, and how to get it. */
export function LargerModels({ words }: { words: string }) {
  const [open, setOpen] = useState(false);
  return (
    <>
      <button type="button" onClick={() => setOpen(true)} className="font-medium text-accent-ink underline underline-offset-2">
        {words}
      </button>
      <Dialog
        open={open}
        onOpenChange={setOpen}
        title="Larger models"
        description="What your machines have room for, by their own figures, and how to get it."
        width="wide"
      >
        <Content />
      </Dialog>
    </>
  );
}

function Content() {
  const edges = useQuery(api.edges.list.queryOptions());
  const models = useQuery(api.models.queryOptions({ staleTime: 60_000 }));
  if (edges.isError || models.isError)
    return <Problem error={edges.error ?? models.error} onRetry={() => void Promise.all([edges.refetch(), models.refetch()])} />;
  if (!edges.data || !models.data) return <Skeleton className="h-48" />;
  const machines = edges.data.filter(({ state, info }) => state !== 'revoked' && info !== null);
  return (
    <div className="flex flex-col gap-6">
      {machines.map((edge) => (
        <Machine key={edge.id} edge={edge} models={models.data} />
      ))}
      <Ways />
    </div>
  );
}

function Machine({ edge, models }: { edge: EdgeView; models: readonly ModelView[] }) {
  const device = deviceOf(edge);
  const missing = models.filter(
    ({ manifest, edges }) => manifest.files.length > 0 && !edges.some(({ edgeId, state }) => edgeId === edge.id && state === 'ready'),
  );
  return (
    <section aria-label={`What fits on ${edge.name}`}>
      <h3 className="text-base font-semibold">{edge.name}</h3>
      {edge.info && (
        <p className="mt-0.5 text-sm text-muted text-pretty">
          {formatBytes(edge.info.modelMemoryBytes)} of memory for models, {formatBytes(edge.info.diskFreeBytes)} of disk free
          {device ? `, draws with ${device.device}` : ''}.
        </p>
      )}
      <ul className="mt-3 flex flex-col gap-1.5">
        {missing.map(({ manifest, downloadBytes }) => (
          <Row
            key={manifest.id}
            fit={fitOn(edge, downloadBytes, manifest.memoryBytes)}
            title={manifest.title}
            note={`in the catalogue, ${formatBytes(downloadBytes)}`}
          >
            <Copyable text={`npx atelier models pull ${manifest.id} --edge ${edge.name}`} label={`the command for ${manifest.title}`} />
          </Row>
        ))}
        {families.map(({ title, does, fileBytes }) => (
          <Row key={title} fit={fitOn(edge, fileBytes)} title={title} note={`${does}, about ${formatBytes(fileBytes)}`} />
        ))}
      </ul>
    </section>
  );
}

const fitWords: Record<Fit, string> = { fits: 'Fits', 'no-memory': 'Too large for its memory', 'no-disk': 'Too large for its disk' };

function Row({ fit, title, note, children }: { fit: Fit | undefined; title: string; note: string; children?: React.ReactNode }) {
  const Icon = fit === 'fits' ? CircleCheck : CircleSlash;
  return (
    <li className="text-sm">
      <p className="flex items-start gap-2">
        <Icon aria-hidden className={`mt-0.5 size-4 shrink-0 ${fit === 'fits' ? 'text-good' : 'text-faint'}`} />
        <span className="min-w-0 grow">
          <span className="font-medium">{title}</span> <span className="text-muted">{note}</span>
        </span>
        <span className={`shrink-0 ${fit === 'fits' ? 'text-good' : 'text-muted'}`}>{fit ? fitWords[fit] : ''}</span>
      </p>
      {fit === 'fits' && children && <div className="mt-1.5 pl-6">{children}</div>}
    </li>
  );
}

const manifest = `id: my-diffusion
title: Stable Diffusion 1.5 in ONNX
shortName: sd1.5
summary: What it is good at.
driver: onnx-diffusion
tasks: [text-to-image, image-to-image, inpainting, latent-walk]
licence: CreativeML-OpenRAIL-M
memoryBytes: 5000000000
prior: { loadSeconds: 10, runSeconds: 60 }
files:
  - path: unet/model.onnx
    source: hf:OWNER/REPO@REVISION/unet/model.onnx
    sha256: THE_SHA256
    sizeBytes: 123`;

/** The three ways of docs/models.md, from the least work to the most control. */
function Ways() {
  return (
    <section aria-label="How to get one" className="border-t border-line pt-5">
      <h3 className="text-base font-semibold">How to get one</h3>
      <ol className="mt-3 flex list-decimal flex-col gap-4 pl-5 text-sm">
        <li>
          <p className="mb-1.5">Use a program that you run already, such as Ollama, LM Studio, ComfyUI or a command. This says what is found on a machine:</p>
          <Copyable text="npx atelier doctor" label="the doctor command" />
        </li>
        <li>
          <p className="mb-1.5">Let a machine join that has a model, or more memory. This prints the command for it:</p>
          <Copyable text="npx atelier edges token" label="the token command" />
        </li>
        <li>
          <p className="mb-1.5">
            Describe a model in a file in <code className="number">manifests/</code> of the data folder, start the studio again, and pull it on the Fleet page.
            All fields are in docs/models.md.
          </p>
          <Copyable text={manifest} label="the manifest" />
        </li>
      </ol>
    </section>
  );
}
