import type { Manifest } from '../manifest/manifest.js';
import type { ServingSettings } from '../serving.settings.js';
import type { VersionRecorder } from '../stats/version-recorder.js';
import type { LoadOptions } from './prepared-version.js';

/** The parts that a version is made from. */
export interface VersionOptions {
  readonly model: string;
  readonly version: string;
  readonly manifest: Manifest;
  /** Identifies the files and the part of the manifest that the version is made from; see `sourceOf`. */
  readonly source: string;
  readonly settings: ServingSettings;
  readonly recorder: VersionRecorder;
  /** Written before the reason of a failed load; nothing unless given. */
  readonly reasonPrefix?: string;
  /** Finds the files and says how to run the model. */
  readonly resolveOptions: () => Promise<LoadOptions>;
}

/** Events of a `ModelVersion`. */
export interface VersionEvents {
  /** The state has changed, or the reason that is shown with it. */
  changed: [];
  /** A problem inside, for the log. */
  problem: [message: string, details: object];
}
