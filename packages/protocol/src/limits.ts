/** Every bound on what comes from outside, in one place. Over a bound the answer is `too-large` or `invalid-input`, before memory is spent. */
export const limits = {
  /** Bytes of one text value. */
  textBytes: 64 * 1024,
  /** Bytes of one uploaded artifact. */
  uploadBytes: 2 * 1024 ** 3,
  /** Pixels of one picture, width times height. */
  picturePixels: 64 * 1024 ** 2,
  /** Bytes of one picture file. */
  pictureBytes: 128 * 1024 ** 2,
  /** Seconds of one recording. */
  audioSeconds: 30 * 60,
  /** Bytes of one recording. */
  audioBytes: 512 * 1024 ** 2,
  /** Steps in one chain. */
  stepsPerChain: 100,
  /** Bytes of a chain as JSON or YAML. */
  chainBytes: 256 * 1024,
  /** Runs of one user that have not ended. */
  openRunsPerUser: 1000,
  /** Bytes of one message between edge and coordinator. */
  edgeMessageBytes: 8 * 1024 ** 2,
  /** Bytes of one preview picture. */
  previewBytes: 256 * 1024,
  /** Attempts of one step (or shard) that may fail before its run stops. */
  attemptsPerStep: 3,
  /** Sources of one port marked `many`; each may bring several values. */
  valuesPerPort: 64,
  /** Frames of one walk; over it, walk in parts. */
  walkFrames: 2400,
  walkKeyframes: 64,
  /** Bytes of a text result that travels with its message and is kept beside the output, for search and for showing it. */
  inlineTextBytes: 8 * 1024,
  /** Characters of what a search finds a result by. */
  captionCharacters: 2000,
  /** Days that a deleted result can still be brought back. */
  undoDays: 7,
  /** Bytes of the recipe inside a saved file. */
  recipeBytes: 256 * 1024,
} as const;
