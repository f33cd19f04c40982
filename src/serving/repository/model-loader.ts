import { Injectable } from '@nestjs/common';
import { Log } from '../../platform/logging/index.js';
import type { Manifest } from '../manifest/manifest.js';
import { readManifest } from '../manifest/read-manifest.js';
import { manifestOfVersion } from '../manifest/version-manifest.js';
import { REFERENCE_FILE } from '../reference/reference.js';
import { ServingSettings } from '../serving.settings.js';
import { ServingMetrics } from '../stats/serving-metrics.js';
import { LoadQueue } from './load-queue.js';
import { runtimeOptionsOf } from './load-version.js';
import type { LoadOptions } from './prepared-version.js';
import type { Model } from './model.js';
import { ModelVersion } from './model-version.js';
import {
  describeNoVersion,
  findInStore,
  type ModelFolder,
  resolveInStore,
  VERSION_RULE,
  type VersionFolder,
} from './scan-models.js';

/** Brings a model in line with its folder: loads new files beside those that serve, and drains versions that are gone. */
@Injectable()
export class ModelLoader {
  private readonly stopping = new AbortController();
  /** What was passed over in the folder of each model when that was last logged. */
  private readonly warned = new Map<string, string>();
  private readonly loads = new LoadQueue();

  constructor(
    private readonly settings: ServingSettings,
    private readonly metrics: ServingMetrics,
    private readonly log: Log,
  ) {}

  get isStopping(): boolean {
    return this.stopping.signal.aborted;
  }

  /** Aborts every load. */
  stop(): void {
    this.stopping.abort();
  }

  /** Loads the versions of a model before those of others while `work` waits for them. */
  hurry<T>(model: string, work: () => Promise<T>): Promise<T> {
    return this.loads.hurry(model, work);
  }

  /** Reads the manifest and the list of versions. Versions that serve keep the manifest they were loaded with. */
  async readFolder(model: Model, folder: ModelFolder): Promise<void> {
    if (folder.problem !== undefined) {
      this.report(model, folder.problem);
      return;
    }
    try {
      const file = await findInStore(this.settings.modelsDir, folder.name, 'model.json');
      const manifest = file === undefined ? undefined : await readManifest(file);
      if (manifest === undefined && model.hasManifest)
        throw new Error('model.json is missing: its last content stays in force');
      model.applyManifest(manifest);
      this.warnOfOtherFolders(model, folder);
      this.report(model, folder.contents.length === 0 ? describeNoVersion(folder) : undefined);
    } catch (error) {
      this.report(model, (error as Error).message);
    }
    if (model.versions.length === 0 && model.problem === undefined) {
      model.setVersions(folder.contents.map((version) => this.newVersion(model, version)));
    }
  }

  /**
   * Loads the versions that are new or changed, each of which replaces its predecessor once it is ready, and drains those
   * that are gone. Tries those again that ran out of time. Never rejects.
   *
   * @param isForced also loads again what has failed
   */
  async reconcile(model: Model, folder: ModelFolder, isForced = false): Promise<void> {
    if (model.problem !== undefined && (folder.problem !== undefined || folder.contents.length > 0)) return;
    const gone = model.versions.filter(({ version }) => !folder.versions.includes(version));
    const found = folder.contents.map((content) => {
      return model.versions.find(({ version }) => version === content.version) ?? this.newVersion(model, content);
    });
    // A version that is gone serves until another one is ready.
    model.setVersions([...found, ...gone].sort((a, b) => Number(b.version) - Number(a.version)));
    const loads = !model.isUnloaded && !model.loadsOnDemand;
    await Promise.all(
      folder.contents.map((content, index) => this.update(model, found[index]!, content, { loads, isForced })),
    );
    const remaining = model.versions.filter((version) => !gone.includes(version));
    if (loads && remaining.length > 0 && !remaining.some(({ state }) => state === 'ready')) return;
    model.setVersions(remaining);
    await Promise.all(gone.map((version) => version.drain()));
  }

  /** Loads every version that is not loaded. */
  async loadAll(model: Model): Promise<void> {
    await Promise.all(
      model.versions.filter(({ state }) => state === 'unloaded').map((version) => this.start(model, version)),
    );
  }

  /** Takes the model out of service and finishes its requests in flight. */
  async unload(model: Model, folder: ModelFolder): Promise<void> {
    const loaded = model.versions;
    model.setVersions(folder.contents.map((found) => this.newVersion(model, found)));
    await Promise.all(loaded.map((version) => version.drain()));
  }

  private async update(
    model: Model,
    current: ModelVersion,
    found: VersionFolder,
    { loads, isForced }: { readonly loads: boolean; readonly isForced: boolean },
  ): Promise<void> {
    const isSame = current.source === sourceOf(found, model.manifest);
    if (!loads) {
      if (!isSame) model.replaceVersion(current, this.newVersion(model, found));
      return;
    }
    if (isSame && current.state === 'unloaded') await this.start(model, current);
    else if (!isSame || current.hasRunOutOfTime || (isForced && current.reason !== undefined)) {
      await this.replace(model, current, found);
    }
  }

  /** Loads the files found in the folder; where they cannot be served, the version that serves is kept. */
  private async replace(model: Model, current: ModelVersion, found: VersionFolder): Promise<void> {
    const next = this.newVersion(model, found);
    const isServing = current.isInService;
    if (!isServing) model.replaceVersion(current, next);
    await this.start(model, next);
    if (isServing && next.state !== 'ready') {
      current.keepInsteadOf(next);
      return;
    }
    model.replaceVersion(current, next);
    await current.drain();
  }

  private async start(model: Model, version: ModelVersion): Promise<void> {
    await version.start(this.stopping.signal, (load) => this.loads.run(model.name, load));
    if (this.isStopping) await version.stop();
    else if (version.state === 'failed') this.logFailure(model, version.reason ?? '');
    else if (version.state === 'ready')
      this.log.lines.info({ model: model.name, version: version.version }, `model ${model.name} is ready`);
  }

  private newVersion(model: Model, found: VersionFolder): ModelVersion {
    const { name } = model;
    const { version } = found;
    const manifest = manifestOfVersion(model.manifest, version);
    const made = new ModelVersion({
      model: name,
      version,
      manifest,
      source: sourceOf(found, model.manifest),
      settings: this.settings,
      recorder: this.metrics.recorder(name, version),
      reasonPrefix: `${name}/${version}/model.onnx`,
      resolveOptions: () => this.resolveOptions(name, version, manifest),
    });
    made.on('problem', (message, details) => {
      this.log.lines.warn({ model: name, version, ...details }, `model ${name}/${version}: ${message}`);
    });
    return made.on('changed', () => model.versionChanged());
  }

  private async resolveOptions(model: string, version: string, manifest: Manifest): Promise<LoadOptions> {
    const place = [model, version, 'model.onnx'];
    if (manifest.versions?.[version]?.sha256 === undefined)
      this.log.lines.warn({ model, version }, `${place.join('/')} is not pinned by sha256`);
    const { modelsDir } = this.settings;
    const file = await resolveInStore(modelsDir, ...place);
    const referenceFile = await findInStore(modelsDir, model, version, REFERENCE_FILE);
    return { ...runtimeOptionsOf(manifest, version, file, this.settings), referenceFile };
  }

  /** Names what was meant as a version and is none, beside versions that serve. */
  private warnOfOtherFolders({ name }: Model, { contents, otherFolders }: ModelFolder): void {
    const [meant, before] = [otherFolders.filter(isLikeVersion).join(', '), this.warned.get(name) ?? ''];
    this.warned.set(name, meant);
    if (meant === '' || meant === before || contents.length === 0) return;
    this.log.lines.warn({ model: name }, `model ${name}: ${meant} is passed over: a version is ${VERSION_RULE}`);
  }

  private report(model: Model, problem: string | undefined): void {
    if (problem !== undefined && problem !== model.problem) this.logFailure(model, problem);
    model.reportProblem(problem);
  }

  private logFailure({ name }: Model, reason: string): void {
    this.log.lines.error({ model: name, reason }, `model ${name} failed: ${reason}`);
  }
}

function isLikeVersion(folder: string): boolean {
  return /^v?\d/i.test(folder);
}

/** Identifies a version's files and everything that the manifest says, except of other versions. */
function sourceOf({ version, fingerprint }: VersionFolder, manifest: Manifest): string {
  return `${fingerprint} ${JSON.stringify({ ...manifest, versions: manifest.versions?.[version] })}`;
}
