import { useState } from 'react';
import { Card } from '../../ui/blocks.tsx';
import { emptyHistory, type MaskHistory, withDeed } from './mask-history.ts';
import { MaskPainter } from './mask-painter.tsx';

const drawing = `data:image/svg+xml,${encodeURIComponent(
  '<svg xmlns="http://www.w3.org/2000/svg" width="256" height="256"><rect width="256" height="256" fill="#bfe3f7"/><circle cx="128" cy="142" r="78" fill="#d8322f"/><path d="M128 70q4-34 34-44-4 36-34 44" fill="#3f8f3a"/></svg>',
)}`;
const nothing = () => undefined;

/** The painter, with a stroke on the image. */
export function Component() {
  const [history, setHistory] = useState<MaskHistory>(() =>
    withDeed(emptyHistory, { kind: 'stroke', erase: false, diameter: 40, points: [90, 110, 130, 150, 170].map((x) => ({ x, y: 120 + x / 4, pressure: 0.5 })) }),
  );
  return (
    <section aria-label="Mask">
      <h2 className="mb-3 text-sm font-semibold text-muted">Mask</h2>
      <Card className="p-5">
        <MaskPainter src={drawing} history={history} onChange={setHistory} onSize={nothing} />
      </Card>
    </section>
  );
}
