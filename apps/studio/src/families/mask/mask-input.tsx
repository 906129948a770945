import { Brush } from 'lucide-react';
import { useState } from 'react';
import { contentUrl } from '../../api/client.ts';
import { ChooseFile } from '../../chain/choose-file.tsx';
import { useComposition } from '../../chain/composer-state.ts';
import { useObjectUrl } from '../../chain/file-preview.tsx';
import { GivenFile } from '../../chain/given-file.tsx';
import { giveFile } from '../../chain/start-run.ts';
import type { InputProps } from '../../task-views/index.ts';
import { Button } from '../../ui/button.tsx';
import { MaskDialog } from './mask-dialog.tsx';
import { keepMask, maskDraft } from './mask-drafts.ts';
import { marksSomething } from './mask-history.ts';
import { pictureUnder } from './picture-under.ts';

/** The input of a mask: painted over the picture that was chosen, or given as a file. */
export function Component({ id, name, tasks }: InputProps) {
  const [painting, setPainting] = useState(false);
  const { draft, given: all } = useComposition();
  const given = all[name];
  const under = pictureUnder(draft, tasks, name);
  const picture = under === undefined ? undefined : all[under];
  const local = useObjectUrl(picture?.kind === 'file' ? picture.file : null);
  const src = picture?.kind === 'output' ? contentUrl(picture.outputId) : local;
  const before = maskDraft(picture);
  const waits = before !== undefined && !before.used && marksSomething(before.history);
  const paint = (
    <Button icon={Brush} disabled={!src} onClick={() => setPainting(true)}>
      {waits || before ? 'Edit mask' : given ? 'Start over' : 'Paint mask'}
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
          <p role="status" className="text-sm text-muted text-pretty">
            {waits ? 'What you painted is kept, but not used yet.' : advice(under !== undefined, src !== null)}
          </p>
        </div>
      )}
      {painting && src && (
        <MaskDialog
          src={src}
          before={before?.history}
          onPaint={(history) => keepMask(picture, { history, used: false })}
          onClose={() => setPainting(false)}
          onDone={(file, history) => {
            keepMask(picture, { history, used: true });
            giveFile(name, file, { over: under });
            setPainting(false);
          }}
        />
      )}
    </>
  );
}

function advice(known: boolean, there: boolean): string {
  if (!known) return 'The image is drawn by an earlier step, so its mask can only be a file: white is redrawn, black is kept.';
  return there ? 'White is redrawn, black is kept. A file must have the size of the image.' : 'Choose the image first; then paint over it.';
}
