import { ModelNotReadyError, VersionNotFoundError } from '../serving.errors.js';
import type { Access, Manifest } from '../manifest/manifest.js';
import type { ModelVersion, VersionState } from './model-version.js';

/** A model: its versions, and which of them serves. `ModelLoader` keeps it like its folder. */
export class Model {
  manifest: Manifest = {};
  /** Whether that was read from a `model.json`. */
  hasManifest = false;
  /** Newest first. */
  versions: readonly ModelVersion[] = [];
  /** The version an administrator has chosen; undefined for the newest ready one. */
  pinned: string | undefined;
  /** Why its folder, or what has changed in it, is not served. */
  trouble: string | undefined;
  /** Taken out of service by an administrator, until one puts it back or the next start. */
  isUnloaded = false;

  constructor(readonly name: string) {}

  get access(): Access {
    return this.manifest.access ?? 'public';
  }

  /** The version that answers where none is named. Nothing stands in for a chosen one that is loading, or back soon. */
  get serving(): ModelVersion | undefined {
    const chosen = this.versions.find((version) => version.version === this.pinned);
    if (chosen?.state === 'ready') return chosen;
    if (chosen?.state === 'loading') return undefined;
    return this.versions.find((version) => version.state === 'ready' && !this.isCandidate(version));
  }

  get state(): VersionState {
    if (this.serving) return 'ready';
    if (this.versions.some((version) => version.state === 'loading')) return 'loading';
    return this.versions.every((version) => version.state === 'unloaded') && !this.trouble ? 'unloaded' : 'failed';
  }

  /** Why it is not ready, or why what is newest of it is not served; in words. */
  get reason(): string | undefined {
    const reasons = [this.trouble, ...this.versions.map((version) => version.reason)];
    if (reasons.some((reason) => reason !== undefined))
      return reasons.filter((reason) => reason !== undefined).join('; ');
    return this.state === 'failed'
      ? 'every version is a candidate, and none has been chosen as the default'
      : undefined;
  }

  /** Whether a request is what it waits for. */
  get loadsOnUse(): boolean {
    return this.isForUse && this.state === 'unloaded';
  }

  /** Whether a request waits for it. */
  get isAwaited(): boolean {
    return this.isForUse && (this.state === 'unloaded' || this.state === 'loading');
  }

  /** Whether it waits for somebody to choose it. */
  private isCandidate({ version }: ModelVersion): boolean {
    return this.manifest.versions?.[version]?.candidate ?? false;
  }

  private get isForUse(): boolean {
    return this.manifest.load === 'first-use' && !this.isUnloaded;
  }

  version(version: string): ModelVersion {
    const found = this.versions.find((candidate) => candidate.version === version);
    if (!found) throw new VersionNotFoundError(this.name, version);
    return found;
  }

  /** The ready version that is to answer; throws where there is none. */
  resolve(version: string | undefined): ModelVersion {
    const found = version === undefined ? this.serving : this.version(version);
    if (!found) throw new ModelNotReadyError(this.name, this.state);
    if (found.state !== 'ready') throw new ModelNotReadyError(`${this.name}/${found.version}`, found.state);
    return found;
  }
}
