import { Check } from 'lucide-react';
import { useState } from 'react';
import { Button } from '../../ui/button.tsx';
import { Dialog } from '../../ui/dialog.tsx';
import { complain } from '../../ui/toast.tsx';
import { maskFile } from './draw-mask.ts';
import { emptyHistory, type MaskHistory, marksSomething } from './mask-history.ts';
import { MaskPainter } from './mask-painter.tsx';

interface MaskDialogProps {
  src: string;
  /** What was painted before over the same picture. */
  before: MaskHistory | undefined;
  /** Told of each stroke, so that closing the window loses none. */
  onPaint: (history: MaskHistory) => void;
  onClose: () => void;
  onDone: (file: File, history: MaskHistory) => void;
}

/** A mask is painted here and handed on as a PNG of the picture's own size. */
export function MaskDialog({ src, before, onPaint, onClose, onDone }: MaskDialogProps) {
  const [history, setHistory] = useState(before ?? emptyHistory);
  const [size, setSize] = useState<{ width: number; height: number } | null>(null);
  const paint = (next: MaskHistory) => {
    setHistory(next);
    onPaint(next);
  };
  const done = () => {
    if (size) maskFile(history, size.width, size.height).then((file) => onDone(file, history), complain);
  };
  return (
    <Dialog
      open
      onOpenChange={(open) => open || onClose()}
      title="Paint the mask"
      description="Paint over the part to redraw. The rest stays as it is."
      width="wide"
    >
      <MaskPainter src={src} history={history} onChange={paint} onSize={setSize} />
      <div className="mt-4 flex flex-wrap items-center justify-between gap-3">
        <p className="number text-xs text-muted">{size ? `${size.width} × ${size.height}` : ''}</p>
        <Button look="primary" icon={Check} disabled={!size || !marksSomething(history)} onClick={done}>
          Use this mask
        </Button>
      </div>
    </Dialog>
  );
}
