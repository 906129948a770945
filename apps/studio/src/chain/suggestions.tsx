import { Dices } from 'lucide-react';
import { useEffect, useState } from 'react';
import { IconButton } from '../ui/button.tsx';

/** Names that the starter model was trained on, a few at a time: it draws these best. */
export function Suggestions({ onChoose }: { onChoose: (text: string) => void }) {
  const [names, setNames] = useState<readonly string[]>([]);
  const [drawn, setDrawn] = useState<readonly string[]>(['red apple', 'castle', 'rocket', 'owl', 'sunflower', 'sailboat']);
  useEffect(() => {
    let standing = true;
    void import('../../../../models/starter-diffusion/names.json').then((module) => standing && setNames(module.default));
    return () => {
      standing = false;
    };
  }, []);
  return (
    <div className="mt-2.5 flex min-h-8 flex-wrap items-center gap-1.5">
      {drawn.map((name) => (
        <button
          key={name}
          type="button"
          onClick={() => onChoose(`a ${name}`.replace(/^a (?=[aeiou])/, 'an '))}
          className="h-8 rounded-full border border-line px-3 text-sm text-muted transition-colors hover:bg-raised hover:text-ink"
        >
          {name}
        </button>
      ))}
      <IconButton icon={Dices} size="small" label="Other suggestions" disabled={names.length === 0} onClick={() => setDrawn(draw(names, 6))} />
    </div>
  );
}

function draw(names: readonly string[], count: number): string[] {
  const short = names.filter((name) => name.length < 18 && /^[a-z ]+$/.test(name));
  const chosen = new Set<string>();
  while (chosen.size < Math.min(count, short.length)) chosen.add(short[Math.floor(Math.random() * short.length)] as string);
  return [...chosen];
}
