import type { ServingSettings } from '../serving.settings.js';
import type { Manifest } from '../manifest/manifest.js';
import type { RuntimeOptions } from '../runtime/runtime-options.js';

/** What the manifest says of how a version runs, and of what its files must be. */
export function runtimeOptionsOf(
  { runtime = {}, versions }: Manifest,
  version: string,
  file: string,
  { maxResponseElements }: ServingSettings,
): RuntimeOptions {
  const { threads = 1, providers = ['cpu'], memoryMb = 1_024 } = runtime;
  const { sha256, files } = versions?.[version] ?? {};
  return { file, sha256, files, threads, providers, memoryMb, maxResponseElements };
}
