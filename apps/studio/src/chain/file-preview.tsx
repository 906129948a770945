import { useEffect, useState } from 'react';

/** An address under which this page shows a file that is not uploaded yet. */
export function useObjectUrl(file: File | null): string | null {
  const [url, setUrl] = useState<string | null>(null);
  useEffect(() => {
    if (!file) return;
    const made = URL.createObjectURL(file);
    setUrl(made);
    return () => {
      setUrl(null);
      URL.revokeObjectURL(made);
    };
  }, [file]);
  return url;
}

/** A picture, film or recording from this computer, small. */
export function FilePreview({ file, className = '' }: { file: File; className?: string }) {
  const url = useObjectUrl(file);
  if (!url) return null;
  if (file.type.startsWith('image/')) return <img src={url} alt={file.name} className={`rounded-lg ${className}`} />;
  if (file.type.startsWith('video/')) return <video src={url} aria-label={file.name} muted loop playsInline controls className={`rounded-lg ${className}`} />;
  // biome-ignore lint/a11y/useMediaCaption: the user's own recording has no captions.
  if (file.type.startsWith('audio/')) return <audio controls src={url} aria-label={file.name} className="h-10 w-full" />;
  return null;
}
