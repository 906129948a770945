import { type FileHandle, open } from 'node:fs/promises';

/** A file that is written from front to back, and whose beginning is filled in at the end. */
export class FilmFile {
  readonly path: string;
  readonly #handle: FileHandle;
  #sizeBytes = 0;

  private constructor(path: string, handle: FileHandle) {
    this.path = path;
    this.#handle = handle;
  }

  static async create(path: string): Promise<FilmFile> {
    return new FilmFile(path, await open(path, 'w+'));
  }

  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  async append(...parts: readonly Uint8Array[]): Promise<void> {
    for (const part of parts) {
      await this.#write(part, this.#sizeBytes);
      this.#sizeBytes += part.length;
    }
  }

  /** Writes over bytes that were written before. */
  async patch(offset: number, bytes: Uint8Array): Promise<void> {
    await this.#write(bytes, offset);
  }

  /** Appends the whole of another file, a piece at a time. */
  async appendFile(other: FilmFile): Promise<void> {
    const piece = new Uint8Array(1024 ** 2);
    for (let offset = 0; offset < other.sizeBytes; ) {
      const { bytesRead } = await other.#handle.read(piece, 0, piece.length, offset);
      await this.append(piece.subarray(0, bytesRead));
      offset += bytesRead;
    }
  }

  async close(): Promise<void> {
    await this.#handle.close();
  }

  async #write(bytes: Uint8Array, position: number): Promise<void> {
    for (let done = 0; done < bytes.length; ) done += (await this.#handle.write(bytes, done, bytes.length - done, position + done)).bytesWritten;
  }
}
