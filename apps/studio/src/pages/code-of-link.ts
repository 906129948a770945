import { useLocation } from 'react-router';

/** The code of a link that works once. It stands behind the hash, which browsers send to nobody. */
export const useCodeOfLink = (): string => useLocation().hash.slice(1);
