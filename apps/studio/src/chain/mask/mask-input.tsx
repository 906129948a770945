import type { TaskView } from '@atelier/protocol';
import { Brush } from 'lucide-react';
import { useState } from 'react';
import { contentUrl } from '../../api/client.ts';
import { Button } from '../../ui/button.tsx';
import { pictureUnder } from '../chain-inputs.ts';
import { ChooseFile } from '../choose-file.tsx';
import { type Given, useComposition } from '../composer-state.ts';
import { useObjectUrl } from '../file-preview.tsx';
import { GivenFile } from '../given-file.tsx';
import { giveFile } from '../start-run.ts';
import { MaskDialog } from './mask-dialog.tsx';
import type { MaskHistory } from './mask-history.ts';

/** What was painted on this page, by the file that it became: to go on painting. */
const painted = new WeakMap<File, MaskHistory>();

interface MaskInputProps {
  id: string;
  name: string;
  tasks: readonly TaskView[];
  given: Given | undefined;
}

/** The input of a mask: painted over the picture that was chosen, or given as a file. */
export function MaskInput({ id, name, tasks, given }: MaskInputProps) {
  const [painting, setPainting] = useState(false);
  const { draft, given: all } = useComposition();
  const under = pictureUnder(draft, tasks, name);
  const picture = under === undefined ? undefined : all[under];
  const local = useObjectUrl(picture?.kind === 'file' ? picture.file : null);
  const src = picture?.kind === 'output' ? contentUrl(picture.outputId) : local;
  const before = given?.kind === 'file' ? painted.get(given.file) : undefined;
  const paint = (
    <Button icon={Brush} disabled={!src} onClick={() => setPainting(true)}>
      {before ? 'Paint on' : given ? 'Paint anew' : 'Paint it'}
    </Button>
  );
  return (
    <>
      {given && given.kind !== 'text' ? (
        <GivenFile name={name} given={given}>
          {given.over !== undefined && paint}
        </GivenFile>
      ) : (
        <div className="flex flex-col items-center gap-3 rounded-xl border border-dashed border-line-strong/70 bg-well px-4 py-7 text-center">
          <div className="flex flex-wrap justify-center gap-2">
            {under !== undefined && paint}
            <ChooseFile id={id} modality="image" label="Choose a file" onFiles={([file]) => file && giveFile(name, file)} />
          </div>
          <p className="text-sm text-muted text-pretty">{advice(under !== undefined, src !== null)}</p>
        </div>
      )}
      {painting && src && (
        <MaskDialog
          src={src}
          before={before}
          onClose={() => setPainting(false)}
          onDone={(file, history) => {
            painted.set(file, history);
            giveFile(name, file, under);
            setPainting(false);
          }}
        />
      )}
    </>
  );
}

function advice(known: boolean, there: boolean): string {
  if (!known) return 'The picture is drawn by an earlier step, so its mask can only be a file: white is drawn anew, black is kept.';
  return there ? 'White is drawn anew, black is kept. A file has to be of the size of the picture.' : 'Choose the picture first; then paint over it.';
}
