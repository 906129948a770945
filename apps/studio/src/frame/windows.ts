import { create } from 'zustand';

/** The windows that can be opened from anywhere. One at a time. */
export type Window = 'palette' | 'shortcuts' | 'tokens' | 'notices' | 'chains' | 'sign-out' | null;

export const useWindow = create<{ open: Window }>(() => ({ open: null }));
export const openWindow = (open: Window) => useWindow.setState({ open });
