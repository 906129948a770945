import { createContext, useContext } from 'react';

/** Opens a result in the viewer of the page; {@link WithViewer} provides it. */
export const Opening = createContext<(id: string) => void>(() => undefined);

export const useViewer = () => useContext(Opening);

/** Marks where a thing is opened from, so that the focus comes back to it. */
export const opens = (id: string) => ({ 'data-opens': id });
