import { FileUp, type LucideIcon } from 'lucide-react';
import { useRef } from 'react';
import { Button } from '../ui/button.tsx';

const accepts: Record<string, string> = { audio: 'audio/*,video/webm', image: 'image/*', video: 'video/*' };

interface ChooseFileProps {
  id?: string;
  modality: string;
  many?: boolean;
  label: string;
  icon?: LucideIcon;
  onFiles: (files: File[]) => void;
}

/** A button that opens the computer's files. */
export function ChooseFile({ id, modality, many = false, label, icon = FileUp, onFiles }: ChooseFileProps) {
  const picker = useRef<HTMLInputElement>(null);
  return (
    <>
      <Button icon={icon} onClick={() => picker.current?.click()}>
        {label}
      </Button>
      <input
        ref={picker}
        id={id}
        type="file"
        multiple={many}
        className="sr-only"
        tabIndex={-1}
        aria-label={label}
        accept={accepts[modality]}
        onChange={(event) => {
          onFiles([...(event.target.files ?? [])]);
          event.target.value = '';
        }}
      />
    </>
  );
}
