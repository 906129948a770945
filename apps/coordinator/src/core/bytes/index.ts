/**
 * Bytes of the studio by the outputs through which people may read them: uploads and texts that come in, results that edges are asked to
 * copy to the coordinator, and what output has which bytes where.
 * Not here: what an edge must show of bytes that it names (claims/), how much a person may bring (quota/), the going of bytes (gallery/purge.ts).
 * Begin with outputs.ts and replication.ts.
 */
export { extensionOf, type FoundOutput, fileName, findOutput, type ReadableOutput } from './outputs.ts';
export { recordUpload, type UploadRecord } from './record-upload.ts';
export { Replication } from './replication.ts';
export { storeText, textArtifact } from './texts.ts';
