import { access } from 'node:fs/promises';
import { type ModelFolder, scanModels } from './scan-models.js';

/** The store applies a change when two polls in a row have seen the same: within 2 s of the end of a copy. */
const POLL_EVERY_MS = 400;

interface WatcherOptions {
  readonly modelsDir: () => string;
  /** Called with all folders, whether they have changed or not. */
  readonly onScan: (folders: readonly ModelFolder[]) => void;
  /** Called once when MODELS_DIR becomes unreadable, which may be temporary: a disk may be mounted again. */
  readonly onUnreadable: (error: unknown) => void;
  /** @param polls number of polls so far */
  readonly afterPoll: (polls: number) => Promise<void>;
}

/** Polls MODELS_DIR, because file events are not reliable on network file systems and mounted volumes. */
export class ModelFolderWatcher {
  private polls = 0;
  private isReadable = true;
  private isStopped = false;
  private nextPoll: NodeJS.Timeout | undefined;

  constructor(private readonly options: WatcherOptions) {}

  start(): void {
    this.nextPoll = setTimeout(() => void this.poll(), POLL_EVERY_MS);
  }

  /** A poll in progress is the last one. */
  stop(): void {
    this.isStopped = true;
    clearTimeout(this.nextPoll);
  }

  private async poll(): Promise<void> {
    const { modelsDir, onScan, onUnreadable, afterPoll } = this.options;
    this.polls += 1;
    try {
      await access(modelsDir());
      onScan(await scanModels(modelsDir()));
      this.isReadable = true;
    } catch (error) {
      if (this.isReadable) onUnreadable(error);
      this.isReadable = false;
    }
    await afterPoll(this.polls);
    if (!this.isStopped) this.start();
  }
}
