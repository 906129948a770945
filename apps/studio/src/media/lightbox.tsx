import { Download, Grid2x2, X } from 'lucide-react';
import { Dialog } from 'radix-ui';
import { useState } from 'react';
import { Button, IconButton } from '../ui/button.tsx';

/** A picture as large as the window allows, scaled by whole numbers: smooth, or as the pixels that it is made of. */
export function Lightbox({ open, onOpenChange, src, title }: { open: boolean; onOpenChange: (open: boolean) => void; src: string; title: string }) {
  const [pixels, setPixels] = useState(false);
  const [size, setSize] = useState<{ width: number; height: number } | null>(null);
  const scale = size ? wholeScale(size, window.innerWidth - 32, window.innerHeight - 120) : 1;
  return (
    <Dialog.Root open={open} onOpenChange={onOpenChange}>
      <Dialog.Portal>
        <Dialog.Overlay className="fixed inset-0 z-40 bg-[oklch(0.1_0.005_60/0.92)]" />
        <Dialog.Content
          aria-describedby={undefined}
          data-theme="dark"
          className="fixed inset-0 z-50 flex flex-col items-center justify-center gap-4 outline-none"
          onClick={(event) => event.target === event.currentTarget && onOpenChange(false)}
        >
          <Dialog.Title className="sr-only">{title}</Dialog.Title>
          <img
            src={src}
            alt={title}
            onLoad={({ currentTarget: { naturalWidth, naturalHeight } }) => setSize({ width: naturalWidth, height: naturalHeight })}
            style={{ width: size ? size.width * scale : undefined, imageRendering: pixels ? 'pixelated' : 'auto' }}
            className="rounded-lg"
          />
          <div className="flex items-center gap-1 rounded-xl border border-line bg-surface p-1">
            <span className="number px-3 text-sm text-muted">{size ? `${size.width} × ${size.height}, ${scale >= 1 ? `${scale}×` : 'fitted'}` : ''}</span>
            <Button look="quiet" size="small" icon={Grid2x2} aria-pressed={pixels} onClick={() => setPixels(!pixels)}>
              {pixels ? 'Smooth' : 'Pixels'}
            </Button>
            <Button asChild look="quiet" size="small">
              <a href={`${src}?download=1`} download>
                <Download aria-hidden className="size-4" />
                Download
              </a>
            </Button>
            <Dialog.Close asChild>
              <IconButton icon={X} label="Close" size="small" />
            </Dialog.Close>
          </div>
        </Dialog.Content>
      </Dialog.Portal>
    </Dialog.Root>
  );
}

/** The largest whole factor that fits, or the fraction that does where the picture is larger than the window. */
function wholeScale(size: { width: number; height: number }, width: number, height: number): number {
  const most = Math.min(width / size.width, height / size.height);
  return most >= 1 ? Math.floor(most) : most;
}
