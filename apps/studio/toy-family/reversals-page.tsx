import { useParams, useSearchParams } from 'react-router';

export function Component() {
  const { id } = useParams();
  const [search] = useSearchParams();
  return (
    <>
      <h1 className="text-xl font-semibold tracking-tight">{id ? 'One reversal' : 'All of them'}</h1>
      <p>{id ?? search.get('text') ?? ''}</p>
    </>
  );
}
