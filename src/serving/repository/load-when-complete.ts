import { setTimeout as delay } from 'node:timers/promises';
import { fingerprintOf, type ModelFolder } from './scan-models.js';

/** A folder with a later change may still be being copied. */
const RECENT_MS = 10_000;
/** How long a folder without a manifest must be unchanged before it is loaded: `model.json` may follow `model.onnx`. */
const MANIFEST_WAIT_MS = 2_000;
/** How long a folder that cannot be loaded must be unchanged before it is given up. */
const COPY_WAIT_MS = 5_000;
const LOOK_EVERY_MS = 100;

interface FolderLoad {
  /** The folder as last scanned. */
  readonly current: () => ModelFolder;
  /** Loads what a folder has now. @returns whether nothing is left to wait for */
  readonly load: (folder: ModelFolder, isRetry: boolean) => Promise<boolean>;
  readonly isStopping: () => boolean;
  /** Called before each wait. */
  readonly onWait: () => void;
}

/**
 * Loads a folder that may still be being copied: again when it has changed, and finally when it has not changed for some time.
 *
 * @returns whether it was loaded
 */
export async function loadWhenComplete({ current, load, isStopping, onWait }: FolderLoad): Promise<boolean> {
  const waitUntilUnchanged = (forMs: number): Promise<void> => {
    onWait();
    return untilUnchanged(forMs, current, isStopping);
  };
  const isRecent = mayBeIncomplete(current());
  if (isRecent && current().manifestFingerprint === '') await waitUntilUnchanged(MANIFEST_WAIT_MS);
  let isFinal = !isRecent;
  for (let isRetry = false; ; isRetry = true) {
    const folder = current();
    if (await load(folder, isRetry)) return true;
    if (isFinal && fingerprintOf(current()) === fingerprintOf(folder)) return false;
    await waitUntilUnchanged(COPY_WAIT_MS);
    isFinal = true;
  }
}

/** Also true where the times of the files are ahead of this machine's clock. */
function mayBeIncomplete({ changedAt }: ModelFolder): boolean {
  return Date.now() - changedAt < RECENT_MS;
}

async function untilUnchanged(forMs: number, current: () => ModelFolder, isStopping: () => boolean): Promise<void> {
  let fingerprint = fingerprintOf(current());
  let since = performance.now();
  while (performance.now() - since < forMs && !isStopping()) {
    await delay(LOOK_EVERY_MS);
    const seen = fingerprintOf(current());
    if (seen !== fingerprint) [fingerprint, since] = [seen, performance.now()];
  }
}
