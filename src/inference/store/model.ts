import { ModelNotReadyError, VersionNotFoundError } from '../inference.errors.js';
import type { Access, Manifest } from '../manifest/manifest.js';
import type { ModelVersion, VersionState } from './model-version.js';

/** A model: its versions, and which of them serves. */
export class Model {
  /** The version an administrator has chosen; undefined for the newest ready one. */
  pinned: string | undefined;

  /** @param versions newest first */
  constructor(
    readonly name: string,
    readonly manifest: Manifest,
    readonly versions: readonly ModelVersion[],
    /** Why nothing of it can be served, where that is so. */
    readonly trouble?: string,
  ) {}

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

  /** Why it is not ready, in words. */
  get reason(): string | undefined {
    const failed = this.versions.find((version) => version.reason !== undefined);
    if (this.trouble ?? failed) return this.trouble ?? failed?.reason;
    return this.state === 'failed'
      ? 'every version is a candidate, and none has been chosen as the default'
      : undefined;
  }

  /** Whether it waits for somebody to choose it. */
  private isCandidate({ version }: ModelVersion): boolean {
    return this.manifest.versions?.[version]?.candidate ?? false;
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
