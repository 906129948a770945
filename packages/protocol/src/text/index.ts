/**
 * Text from outside: cut without breaking a character, free of what cannot be kept, in one spelling, read in its own encoding.
 * Not here: what a text means, or how it is searched.
 * Begin with cut-text.ts.
 */
export * from './cut-text.ts';
export * from './decode-text.ts';
export * from './download-name.ts';
export * from './kept-text.ts';
