import { useEffect, useRef, useState } from 'react';
import { modalityIcons } from '../ui/modality.tsx';

interface FilmThumbProps {
  /** The film. */
  src: string;
  /** A still picture of it. */
  poster: string;
  mediaType: string;
  /** It is pointed at or has the focus. */
  playing: boolean;
}

const look = 'absolute inset-0 size-full object-cover';

/** A film, small: still until it is pointed at, then playing without sound. Stays still where people ask for less motion. */
export function FilmThumb({ src, poster, mediaType, playing }: FilmThumbProps) {
  const moves = playing && !matchMedia('(prefers-reduced-motion: reduce)').matches;
  const picture = mediaType.startsWith('image/');
  const [still, setStill] = useState(true);
  const Icon = modalityIcons.video;
  return (
    <>
      {still ? (
        <img src={poster} alt="" loading="lazy" decoding="async" onError={() => setStill(false)} className={look} />
      ) : (
        <span className="absolute inset-0 grid place-items-center bg-hue-soft text-hue">
          <Icon aria-hidden className="size-8 opacity-60" strokeWidth={1.25} />
        </span>
      )}
      {moves && (picture ? <img src={src} alt="" className={look} /> : <Playing src={src} />)}
    </>
  );
}

function Playing({ src }: { src: string }) {
  const video = useRef<HTMLVideoElement>(null);
  useEffect(() => {
    // A film that leaves before it has begun refuses to play, which nobody has to know.
    video.current?.play().catch(() => undefined);
  }, []);
  return <video ref={video} src={src} muted loop playsInline className={look} />;
}
