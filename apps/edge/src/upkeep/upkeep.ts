import { statfs } from 'node:fs/promises';
import type { FolderStore } from '@atelier/artifacts';
import { AtelierError } from '@atelier/protocol';
import type { Logger } from 'pino';
import { giveBackMemory } from '../memory.ts';
import type { EdgeSettings } from '../settings.ts';
import { describeDevices } from '../slots/devices.ts';
import type { DeviceReport } from '../slots/slot-messages.ts';
import { version } from '../version.ts';
import { within } from '../within.ts';

const devicesMs = 5_000;
const tidyAfterMs = 20_000;

export interface UpkeepOptions {
  readonly settings: EdgeSettings;
  readonly log: Logger;
  readonly store: FolderStore;
  /** Whether some bytes may not leave the store. */
  needs(hash: string): boolean;
  /** Whether nothing runs. */
  isIdle(): boolean;
}

/** Looks after the machine: which devices and how much disk there are, a store under its quota, memory given back when nothing runs. */
export class Upkeep {
  readonly #options: UpkeepOptions;
  #devices: DeviceReport[] = [];
  #diskFreeBytes = 0;
  #tidy: NodeJS.Timeout | undefined;
  #isCollecting = false;

  constructor(options: UpkeepOptions) {
    this.#options = options;
  }

  /** What each driver computes with, as far as it is known. */
  get devices(): DeviceReport[] {
    return this.#devices;
  }

  /** As it was measured last. */
  get diskFreeBytes(): number {
    return this.#diskFreeBytes;
  }

  /** The first start of a release takes a few seconds for it; connecting waits no longer than that. @param drivers of the models that are here */
  async askDevices(drivers: readonly string[]): Promise<void> {
    const { settings, log } = this.#options;
    const asked = describeDevices(settings.folder, `${version} ${process.version} ${process.env.ATELIER_DEVICE ?? ''}`, [...drivers], settings).then(
      (devices) => {
        this.#devices = devices;
      },
      (error: unknown) => log.warn({ error: AtelierError.from(error).toJSON() }, 'devices are not known'),
    );
    await within(devicesMs, asked);
  }

  async measureDisk(): Promise<void> {
    const { bavail, bsize } = await statfs(this.#options.settings.folder);
    this.#diskFreeBytes = bavail * bsize;
  }

  /** Gives memory back after a while, if nothing runs then. */
  tidyWhenIdle(afterMs = tidyAfterMs): void {
    clearTimeout(this.#tidy);
    this.#tidy = setTimeout(() => this.#options.isIdle() && giveBackMemory(), afterMs);
    this.#tidy.unref();
  }

  /** Keeps the artifacts under their quota; what is needed stays. */
  async collect(quotaBytes = this.#options.settings.artifactQuotaBytes): Promise<void> {
    if (this.#isCollecting) return;
    this.#isCollecting = true;
    const { store, log, needs } = this.#options;
    try {
      const gone = await store.collect(quotaBytes, needs);
      if (gone.length > 0) log.info({ artifacts: gone.length }, 'artifacts left the cache');
    } catch (error) {
      log.warn({ error: AtelierError.from(error).toJSON() }, 'the artifact cache could not be tidied');
    } finally {
      this.#isCollecting = false;
    }
  }

  close(): void {
    clearTimeout(this.#tidy);
  }
}
