import { Injectable } from '@nestjs/common';
import { OpenApi } from '../../platform/docs/index.js';
import { ReadinessRegistry } from '../../platform/health/index.js';
import { Log } from '../../platform/logging/index.js';
import { InferenceSettings } from '../serving.settings.js';
import type { Manifest } from '../manifest/manifest.js';
import { readManifest } from '../manifest/read-manifest.js';
import type { RuntimeOptions } from '../runtime/runtime-options.js';
import { InferenceMetrics } from '../stats/inference-metrics.js';
import type { Model } from './model.js';
import { ModelVersion } from './model-version.js';
import { runtimeOptionsOf } from './runtime-options-of.js';
import { fileInStore, findInStore, type ModelFolder, type VersionFolder } from './scan-models.js';

/** Makes a model like its folder: loads what is new beside what serves, and takes away what is gone. */
@Injectable()
export class ModelLoader {
  private readonly stopping = new AbortController();

  constructor(
    private readonly settings: InferenceSettings,
    private readonly metrics: InferenceMetrics,
    private readonly readiness: ReadinessRegistry,
    private readonly openApi: OpenApi,
    private readonly log: Log,
  ) {}

  get isStopping(): boolean {
    return this.stopping.signal.aborted;
  }

  /** Gives up what is being loaded. */
  stop(): void {
    this.stopping.abort();
  }

  /** Reads what the folder says of the model; what serves goes on with what it was loaded from. */
  async describe(model: Model, folder: ModelFolder): Promise<void> {
    try {
      const file = await findInStore(this.settings.modelsDir, folder.name, 'model.json');
      const manifest = file === undefined ? undefined : await readManifest(file);
      if (manifest === undefined && model.hasManifest) throw new Error('model.json has gone: what it said last holds');
      model.hasManifest = manifest !== undefined;
      model.manifest = manifest ?? {};
      const isEmpty = folder.contents.length === 0;
      this.note(model, isEmpty ? 'it has no version: a folder such as 1/ with model.onnx in it' : undefined);
    } catch (error) {
      this.note(model, (error as Error).message);
    }
    if (model.versions.length === 0 && model.trouble === undefined) {
      model.versions = folder.contents.map((version) => this.version(model, version));
    }
    this.changed();
  }

  /**
   * Loads the versions that are new or have changed, each taking its predecessor's place once it is ready, and retires
   * those that are gone. Never rejects.
   *
   * @param isForced tries again what has failed, too
   */
  async reconcile(model: Model, folder: ModelFolder, isForced = false): Promise<void> {
    if (model.trouble !== undefined && folder.contents.length > 0) return;
    const gone = model.versions.filter(({ version }) => !folder.versions.includes(version));
    const found = folder.contents.map((content) => {
      return model.versions.find(({ version }) => version === content.version) ?? this.version(model, content);
    });
    // What is gone serves until something else does.
    model.versions = [...found, ...gone].sort((a, b) => Number(b.version) - Number(a.version));
    this.changed();
    const rest = model.isUnloaded || model.loadsOnUse ? 'unloaded' : 'loaded';
    await Promise.all(
      folder.contents.map((content, index) => this.renew(model, found[index]!, content, rest, isForced)),
    );
    const others = model.versions.filter((version) => !gone.includes(version));
    if (rest === 'loaded' && others.length > 0 && !others.some(({ state }) => state === 'ready')) return;
    model.versions = others;
    this.changed();
    await Promise.all(gone.map((version) => version.retire()));
  }

  /** Loads every version that is not loaded. */
  async loadAll(model: Model): Promise<void> {
    await Promise.all(
      model.versions.filter(({ state }) => state === 'unloaded').map((version) => this.start(model, version)),
    );
  }

  /** Takes the model out of service; what is in flight is answered. */
  async unload(model: Model, folder: ModelFolder): Promise<void> {
    const loaded = model.versions;
    model.versions = folder.contents.map((found) => this.version(model, found));
    this.changed();
    await Promise.all(loaded.map((version) => version.retire()));
  }

  private async renew(
    model: Model,
    current: ModelVersion,
    found: VersionFolder,
    rest: 'loaded' | 'unloaded',
    isForced: boolean,
  ): Promise<void> {
    const isSame = current.source === sourceOf(found, model.manifest);
    if (rest === 'unloaded') {
      if (!isSame) replace(model, current, this.version(model, found));
      return;
    }
    if (isSame && current.state === 'unloaded') await this.start(model, current);
    else if (!isSame || (isForced && current.reason !== undefined)) await this.succeed(model, current, found);
  }

  /** Loads what the folder now has; if that cannot be served, the version that does serve goes on. */
  private async succeed(model: Model, current: ModelVersion, found: VersionFolder): Promise<void> {
    const next = this.version(model, found);
    const isServing = current.isInService;
    if (!isServing) replace(model, current, next);
    await this.start(model, next);
    if (!isServing || next.state === 'ready') {
      replace(model, current, next);
      this.changed();
      await current.retire();
    } else {
      current.reason = `its files have changed and cannot be served, what was loaded before is: ${next.reason}`;
      current.source = next.source;
      this.changed();
    }
  }

  private async start(model: Model, version: ModelVersion): Promise<void> {
    await version.start(this.stopping.signal);
    if (this.isStopping) await version.stop();
    else if (version.state === 'failed') {
      version.reason = `${model.name}/${version.version}/model.onnx: ${version.reason ?? ''}`;
      this.logFailure(model, version.reason);
    } else this.log.lines.info({ model: model.name, version: version.version }, `model ${model.name} is ready`);
  }

  private version(model: Model, found: VersionFolder): ModelVersion {
    const { name, manifest } = model;
    const { version } = found;
    return new ModelVersion({
      model: name,
      version,
      manifest,
      source: sourceOf(found, manifest),
      settings: this.settings,
      recorder: this.metrics.recorder(name, version),
      locate: () => this.locate(name, version, manifest),
      onTrouble: (message, details) =>
        this.log.lines.warn({ model: name, version, ...details }, `model ${name}/${version}: ${message}`),
      onStateChange: () => this.changed(),
    });
  }

  private async locate(model: string, version: string, manifest: Manifest): Promise<RuntimeOptions> {
    const place = [model, version, 'model.onnx'];
    if (manifest.versions?.[version]?.sha256 === undefined)
      this.log.lines.warn({ model, version }, `${place.join('/')} is not pinned by sha256`);
    const file = await fileInStore(this.settings.modelsDir, ...place);
    return runtimeOptionsOf(manifest, version, file, this.settings);
  }

  private note(model: Model, trouble: string | undefined): void {
    if (trouble !== undefined && trouble !== model.trouble) this.logFailure(model, trouble);
    model.trouble = trouble;
  }

  private logFailure({ name }: Model, reason: string): void {
    this.log.lines.error({ model: name, reason }, `model ${name} failed: ${reason}`);
  }

  private changed(): void {
    this.openApi.invalidate();
    void this.readiness.evaluate();
  }
}

/** Puts `next` where `current` stands. */
function replace(model: Model, current: ModelVersion, next: ModelVersion): void {
  model.versions = model.versions.map((version) => (version === current ? next : version));
}

/** What a version is made from: its files, and all that the manifest says but of other versions. */
function sourceOf({ version, fingerprint }: VersionFolder, manifest: Manifest): string {
  return `${fingerprint} ${JSON.stringify({ ...manifest, versions: manifest.versions?.[version] })}`;
}
