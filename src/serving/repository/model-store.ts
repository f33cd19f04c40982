import { Injectable, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { Log, StartupFailure } from '../../platform/logging/index.js';
import { ModelLoadFailedError, ModelNotFoundError } from '../serving.errors.js';
import { ServingSettings } from '../serving.settings.js';
import { loadWhenComplete } from './load-when-complete.js';
import { Model } from './model.js';
import { ModelEntry } from './model-entry.js';
import { ModelFolderWatcher } from './model-folder-watcher.js';
import { ModelDefaultsRepository } from './model-defaults.repository.js';
import { ModelLoader } from './model-loader.js';
import { fingerprintOf, type ModelFolder, scanModels } from './scan-models.js';
import { noDefaultModel, scanAtStart } from './startup-checks.js';
import type { VersionState } from './version-state.js';

/** Chosen defaults are read from the database every 2 s. */
const POLLS_PER_DEFAULTS = 5;

/** Whether the models are ready to serve, and the state of each. */
export interface StoreReadiness {
  readonly ok: boolean;
  readonly detail: Readonly<Record<string, VersionState>>;
}

/**
 * The models in MODELS_DIR. They load in parallel at start, and follow their folders from then on: new files are loaded
 * beside those that serve. A default model that cannot be loaded at start ends the start, once its folder is complete.
 */
@Injectable()
export class ModelStore implements OnModuleInit, OnApplicationShutdown {
  private readonly entries = new Map<string, ModelEntry>();
  private readonly listeners: (() => void)[] = [];
  /** Default versions that administrators have chosen, by model. */
  private defaultVersions: ReadonlyMap<string, string> = new Map();
  private isStarting = true;
  /** The default model has been ready: from now on its failure does not end the process. */
  private hasServedDefault = false;

  private readonly watcher = new ModelFolderWatcher({
    modelsDir: () => this.settings.modelsDir,
    onScan: (folders) => this.applyScan(folders),
    onUnreadable: (err) => this.log.lines.warn({ err }, 'the model store cannot be read'),
    afterPoll: async (polls) => {
      if (polls % POLLS_PER_DEFAULTS === 0) await this.refreshDefaults();
    },
  });

  constructor(
    private readonly settings: ServingSettings,
    private readonly loader: ModelLoader,
    private readonly defaults: ModelDefaultsRepository,
    private readonly startupFailure: StartupFailure,
    private readonly log: Log,
  ) {}

  /** Begins to load; `readiness` tells when the load has ended. */
  async onModuleInit(): Promise<void> {
    this.defaultVersions = await this.defaults.all();
    const folders = await scanAtStart(this.settings);
    await Promise.all(folders.map((folder) => this.open(folder)));
    if (!this.entries.has(this.settings.defaultModel)) throw noDefaultModel(this.settings, this.all());
    void this.loadAtStart();
    this.watcher.start();
  }

  /** Stops every version. By now every request has its response or has passed its deadline. */
  async onApplicationShutdown(): Promise<void> {
    this.watcher.stop();
    this.loader.stop();
    await Promise.all(this.all().flatMap(({ versions }) => versions.map((version) => version.stop())));
  }

  /** @param listener called after each change of a model, a version or the readiness; must not throw */
  onChange(listener: () => void): void {
    this.listeners.push(listener);
  }

  /** Ready once the load of every model has ended and the default model is ready; other models may have failed. */
  get readiness(): StoreReadiness {
    const detail = Object.fromEntries(this.all().map((model) => [model.name, model.state]));
    return { ok: !this.isStarting && this.findDefault()?.state === 'ready', detail };
  }

  /** Sorted by name. */
  all(): Model[] {
    return [...this.entries.values()].map(({ model }) => model).sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  /** @throws ModelNotFoundError */
  get(name: string): Model {
    return this.entry(name).model;
  }

  /** The model behind `/predict`. @throws ModelNotFoundError where it has been removed */
  get default(): Model {
    return this.get(this.settings.defaultModel);
  }

  /** The model behind `/predict`; undefined where it has been removed. */
  findDefault(): Model | undefined {
    return this.entries.get(this.settings.defaultModel)?.model;
  }

  /** Makes `version` the default, or the newest ready one where it is null; kept across restarts. */
  async choose(model: Model, version: string | null): Promise<void> {
    if (version === null) await this.defaults.clear(model.name);
    else await this.defaults.choose(model.name, version);
    const chosen = new Map(this.defaultVersions);
    if (version === null) chosen.delete(model.name);
    else chosen.set(model.name, version);
    this.applyDefaults(chosen);
  }

  /**
   * Loads the files that a model's folder has now, also those that failed before, and puts the model into service.
   *
   * @throws ModelNotFoundError, or ModelLoadFailedError where its newest files cannot all be served
   */
  async load(name: string): Promise<Model> {
    const entry = this.entries.get(name) ?? (await this.open(await this.folder(name)));
    const change = async (): Promise<void> => {
      const folder = await this.folder(name);
      // Meanwhile it may have been removed, and another model put in its place.
      if (this.entries.get(name) !== entry) throw new ModelNotFoundError(name);
      entry.model.setInService(true);
      await this.apply(entry, folder, true);
      await this.loader.loadAll(entry.model);
    };
    await this.loader.hurry(name, () => this.change(entry, change));
    const { model } = entry;
    if (model.state === 'ready' && model.problem === undefined && model.versions[0]?.reason === undefined) return model;
    throw new ModelLoadFailedError(`"${name}" cannot be served as it is now: ${model.reason}`);
  }

  /** Takes a model out of service until `load`, or the next start. @throws ModelNotFoundError */
  async unload(name: string): Promise<Model> {
    const entry = this.entry(name);
    await this.change(entry, () => {
      entry.model.setInService(false);
      return this.loader.unload(entry.model, entry.folder);
    });
    return entry.model;
  }

  private async open(folder: ModelFolder): Promise<ModelEntry> {
    const { name } = folder;
    const model: Model = new Model({
      name,
      onChange: () => this.notify(),
      loadOnDemand: (): Promise<void> => this.loadOnDemand(entry),
    });
    model.chooseDefault(this.defaultVersions.get(name));
    const entry: ModelEntry = new ModelEntry(model, folder);
    this.entries.set(name, entry);
    await this.loader.readFolder(model, folder);
    return entry;
  }

  private async loadAtStart(): Promise<void> {
    const load = (entry: ModelEntry): Promise<void> => this.change(entry, () => this.loadFirst(entry));
    await Promise.all(
      [...this.entries.values()].map((entry) => {
        return this.isDefault(entry) ? this.loader.hurry(entry.model.name, () => load(entry)) : load(entry);
      }),
    );
    this.isStarting = false;
    this.notify();
  }

  private async loadFirst(entry: ModelEntry): Promise<void> {
    const { model } = entry;
    const { name } = model;
    if (!this.isDefault(entry)) return this.loader.reconcile(model, entry.folder);
    // Its files may be copied while the application starts.
    await loadWhenComplete({
      current: () => entry.folder,
      load: async (folder, isRetry) => {
        await this.apply(entry, folder, isRetry);
        if (model.loadsOnDemand) await this.loader.loadAll(model);
        return model.state === 'ready' || entry.hasRunOutOfTime || this.loader.isStopping;
      },
      isStopping: () => this.loader.isStopping,
      onWait: () => this.log.lines.info({ model: name }, `the folder of ${name} may still be being copied: waiting`),
    });
  }

  /** Changes a model, and tries again later what ran out of time. */
  private async change(entry: ModelEntry, work: () => Promise<void>): Promise<void> {
    await entry.change(work);
    const { model } = entry;
    if (this.loader.isStopping) return;
    if (this.isDefault(entry)) this.requireDefault(model);
    const ms = entry.scheduleRetry(() => {
      if (this.entries.get(model.name) === entry) void this.change(entry, () => this.apply(entry, entry.folder, false));
    });
    if (ms === undefined) return;
    this.log.lines.warn(
      { model: model.name, ms, reason: model.reason },
      `model ${model.name} is loaded again in ${ms} ms`,
    );
  }

  private isDefault({ model }: ModelEntry): boolean {
    return model.name === this.settings.defaultModel;
  }

  /** Ends the start where the default model cannot be served; a load that ran out of time is tried again. */
  private requireDefault(model: Model): void {
    this.hasServedDefault ||= model.state === 'ready';
    if (this.hasServedDefault || model.state !== 'failed') return;
    this.startupFailure.abort(`The default model "${model.name}" cannot be served: ${model.reason}`);
  }

  /** Waits for as long as a prediction may take; a slower load is ready for a later request. */
  private async loadOnDemand(entry: ModelEntry): Promise<void> {
    const { model } = entry;
    const load = (): Promise<void> => this.change(entry, () => this.loader.loadAll(model));
    const loaded = this.loader.hurry(model.name, load);
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => (timer = setTimeout(resolve, this.settings.deadlineMs)));
    await Promise.race([loaded, late]);
    clearTimeout(timer);
  }

  /** Another process on the same database may have chosen another default. */
  private async refreshDefaults(): Promise<void> {
    const before = this.defaultVersions;
    const chosen = await this.defaults.all().catch(() => before);
    if (this.defaultVersions === before) this.applyDefaults(chosen);
  }

  private applyDefaults(chosen: ReadonlyMap<string, string>): void {
    this.defaultVersions = chosen;
    for (const { model } of this.entries.values()) model.chooseDefault(chosen.get(model.name));
  }

  private applyScan(folders: readonly ModelFolder[]): void {
    for (const folder of folders) {
      const entry = this.entries.get(folder.name);
      if (entry) this.applyWhenSettled(entry, folder);
      else void this.open(folder).then((opened) => (opened.appliedFingerprint = ''));
    }
    for (const entry of this.entries.values()) {
      const isMissing = !folders.some(({ name }) => name === entry.model.name);
      if (isMissing && entry.isMissing) void this.remove(entry);
      entry.isMissing = isMissing;
    }
  }

  /** Applies a change once two polls have seen the same: a file that is being copied changes from poll to poll. */
  private applyWhenSettled(entry: ModelEntry, folder: ModelFolder): void {
    const fingerprint = fingerprintOf(folder);
    const hasSettled = fingerprint === fingerprintOf(entry.folder);
    entry.folder = folder;
    if (!hasSettled || fingerprint === entry.appliedFingerprint || entry.isChanging) return;
    void this.change(entry, () => this.apply(entry, folder, false));
  }

  private async apply(entry: ModelEntry, folder: ModelFolder, isForced: boolean): Promise<void> {
    entry.folder = folder;
    entry.appliedFingerprint = fingerprintOf(folder);
    await this.loader.readFolder(entry.model, folder);
    await this.loader.reconcile(entry.model, folder, isForced);
  }

  private async remove(entry: ModelEntry): Promise<void> {
    const { model } = entry;
    this.entries.delete(model.name);
    entry.endRetries();
    model.remove();
    this.notify();
    this.log.lines.info({ model: model.name }, `model ${model.name} has been removed`);
    await entry.change(async () => {
      await Promise.all(model.versions.map((version) => version.drain()));
    });
  }

  private async folder(name: string): Promise<ModelFolder> {
    const folder = (await scanModels(this.settings.modelsDir)).find((found) => found.name === name);
    if (!folder) throw new ModelNotFoundError(name);
    return folder;
  }

  private entry(name: string): ModelEntry {
    const entry = this.entries.get(name);
    if (!entry) throw new ModelNotFoundError(name);
    return entry;
  }

  private notify(): void {
    for (const listener of this.listeners) listener();
  }
}
