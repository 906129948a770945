import { AtelierError } from '@atelier/protocol';
import { Mic, Square, X } from 'lucide-react';
import { useEffect, useRef, useState } from 'react';
import { type Recording, startRecording } from '../media/recorder.ts';
import { Button, IconButton } from '../ui/button.tsx';
import { complain } from '../ui/toast.tsx';

/** Records the microphone, with a meter that shows that it hears. */
export function MicrophoneButton({ onRecorded }: { onRecorded: (file: File) => void }) {
  const [recording, setRecording] = useState<Recording | null>(null);
  const [busy, setBusy] = useState(false);
  useEffect(() => () => recording?.discard(), [recording]);
  const start = () => {
    setBusy(true);
    startRecording()
      .then(setRecording, (error: Error) => complain(refused(error)))
      .finally(() => setBusy(false));
  };
  const stop = () => {
    setBusy(true);
    recording
      ?.stop()
      .then(onRecorded, complain)
      .finally(() => {
        setBusy(false);
        setRecording(null);
      });
  };
  if (!recording) {
    return (
      <Button icon={Mic} busy={busy} onClick={start}>
        Record
      </Button>
    );
  }
  return (
    <div className="flex items-center gap-2 rounded-lg bg-bad-soft pr-1 pl-3">
      <Meter recording={recording} />
      <Button look="danger" size="small" icon={Square} busy={busy} onClick={stop}>
        Stop recording
      </Button>
      <IconButton icon={X} size="small" label="Discard the recording" onClick={() => setRecording(null)} />
    </div>
  );
}

function refused(error: Error): Error {
  if (error.name === 'NotFoundError') return new AtelierError('unavailable', 'No microphone was found.', { hint: 'Plug one in, or choose a file.' });
  if (error.name !== 'NotAllowedError' && navigator.mediaDevices) return error;
  return new AtelierError('forbidden', 'The browser does not let this page use the microphone.', {
    hint: 'Allow it beside the address; pages that are not on this machine need https.',
  });
}

const bars = [0, 1, 2, 3, 4, 5, 6, 7, 8] as const;

function Meter({ recording }: { recording: Recording }) {
  const seconds = useRef<HTMLSpanElement>(null);
  const meter = useRef<HTMLSpanElement>(null);
  useEffect(() => {
    const began = performance.now();
    let frame = 0;
    const draw = () => {
      const level = recording.level();
      for (const [index, bar] of [...(meter.current?.children ?? [])].entries()) {
        const near = 1 - Math.abs(index - (bars.length - 1) / 2) / bars.length;
        (bar as HTMLElement).style.transform = `scaleY(${Math.max(0.12, Math.min(1, level * near * 1.6))})`;
      }
      if (seconds.current) seconds.current.textContent = `${((performance.now() - began) / 1000).toFixed(0)} s`;
      frame = requestAnimationFrame(draw);
    };
    draw();
    return () => cancelAnimationFrame(frame);
  }, [recording]);
  return (
    <span className="flex items-center gap-3">
      <span ref={meter} aria-hidden className="flex h-6 items-center gap-0.5">
        {bars.map((bar) => (
          <span key={bar} className="h-full w-1 rounded-full bg-bad" />
        ))}
      </span>
      <span ref={seconds} className="number w-9 text-sm" />
    </span>
  );
}
