/**
 * The gallery: what was made and uploaded, as lists, with where it came from, and its going for good.
 * Not here: HTTP, bytes, small pictures; what a run is (runs/).
 * Begin with gallery.ts.
 */
export type { PortValue, PortValues, RunValue } from './frames.ts';
export { createGallery, type Gallery, type StoredOutput } from './gallery.ts';
