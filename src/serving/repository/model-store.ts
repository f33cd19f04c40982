import { Injectable, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { Log, StartupError, StartupFailure } from '../../platform/logging/index.js';
import { ModelLoadFailedError, ModelNotFoundError } from '../serving.errors.js';
import { ServingSettings } from '../serving.settings.js';
import { loadWhenComplete } from './load-when-complete.js';
import { Model } from './model.js';
import { ModelFolderWatcher } from './model-folder-watcher.js';
import { ModelDefaultsRepository } from './model-defaults.repository.js';
import { ModelLoader } from './model-loader.js';
import type { VersionState } from './version-state.js';
import { fingerprintOf, type ModelFolder, scanModels } from './scan-models.js';
import { SerialQueue } from './serial-queue.js';

/** Chosen defaults are read from the database every 2 s. */
const POLLS_PER_DEFAULTS = 5;

/** A model and its folder; changes to it happen one after another. */
interface ModelEntry {
  readonly model: Model;
  readonly changes: SerialQueue;
  /** As last seen. */
  folder: ModelFolder;
  /** Of the folder that is served, or that was tried last. */
  appliedFingerprint: string;
  /** The last poll did not find the folder. */
  isMissing: boolean;
}

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
    const folders = await this.scanAtStart();
    await Promise.all(folders.map((folder) => this.open(folder)));
    if (!this.entries.has(this.settings.defaultModel)) throw this.noDefaultModel();
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
    await entry.changes.run(async () => {
      const folder = await this.folder(name);
      // Meanwhile it may have been removed, and another model put in its place.
      if (this.entries.get(name) !== entry) throw new ModelNotFoundError(name);
      entry.model.setInService(true);
      await this.apply(entry, folder, true);
      await this.loader.loadAll(entry.model);
    });
    const { model } = entry;
    if (model.state === 'ready' && model.problem === undefined && model.versions[0]?.reason === undefined) return model;
    throw new ModelLoadFailedError(`"${name}" cannot be served as it is now: ${model.reason}`);
  }

  /** Takes a model out of service until `load`, or the next start. @throws ModelNotFoundError */
  async unload(name: string): Promise<Model> {
    const entry = this.entry(name);
    await entry.changes.run(() => {
      entry.model.setInService(false);
      return this.loader.unload(entry.model, entry.folder);
    });
    return entry.model;
  }

  private async open(folder: ModelFolder): Promise<ModelEntry> {
    const { name } = folder;
    const changes = new SerialQueue();
    const loadOnDemand = (wanted: Model): Promise<void> => this.loadOnDemand(wanted, changes);
    const model = new Model({ name, onChange: () => this.notify(), loadOnDemand });
    model.chooseDefault(this.defaultVersions.get(name));
    const entry = { model, changes, folder, appliedFingerprint: fingerprintOf(folder), isMissing: false };
    this.entries.set(name, entry);
    await this.loader.readFolder(model, folder);
    return entry;
  }

  private async loadAtStart(): Promise<void> {
    const entries = [...this.entries.values()];
    await Promise.all(entries.map((entry) => entry.changes.run(() => this.loadFirst(entry))));
    this.isStarting = false;
    this.notify();
  }

  private async loadFirst(entry: ModelEntry): Promise<void> {
    const { model } = entry;
    if (model.name === this.settings.defaultModel) await this.loadDefault(entry);
    else await this.loader.reconcile(model, entry.folder);
  }

  /** The application does not start without its default model, whose files may be copied while it starts. */
  private async loadDefault(entry: ModelEntry): Promise<void> {
    const { model } = entry;
    const { name } = model;
    const isLoaded = await loadWhenComplete({
      current: () => entry.folder,
      load: async (folder, isRetry) => {
        await this.apply(entry, folder, isRetry);
        if (model.loadsOnDemand) await this.loader.loadAll(model);
        return model.state === 'ready' || this.loader.isStopping;
      },
      isStopping: () => this.loader.isStopping,
      onWait: () => this.log.lines.info({ model: name }, `the folder of ${name} may still be being copied: waiting`),
    });
    if (!isLoaded) this.startupFailure.abort(`The default model "${name}" cannot be served: ${model.reason}`);
  }

  /** Waits for as long as a prediction may take; a slower load is ready for a later request. */
  private async loadOnDemand(model: Model, changes: SerialQueue): Promise<void> {
    const loaded = changes.run(() => this.loader.loadAll(model));
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
    if (!hasSettled || fingerprint === entry.appliedFingerprint || entry.changes.isBusy) return;
    void entry.changes.run(() => this.apply(entry, folder, false));
  }

  private async apply(entry: ModelEntry, folder: ModelFolder, isForced: boolean): Promise<void> {
    entry.folder = folder;
    entry.appliedFingerprint = fingerprintOf(folder);
    await this.loader.readFolder(entry.model, folder);
    await this.loader.reconcile(entry.model, folder, isForced);
  }

  private async remove({ model, changes }: ModelEntry): Promise<void> {
    this.entries.delete(model.name);
    model.remove();
    this.notify();
    this.log.lines.info({ model: model.name }, `model ${model.name} has been removed`);
    await changes.run(async () => {
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

  private async scanAtStart(): Promise<ModelFolder[]> {
    const { modelsDir } = this.settings;
    return scanModels(modelsDir).catch((error: NodeJS.ErrnoException) => {
      throw new StartupError(`MODELS_DIR: "${modelsDir}" cannot be read (${error.code})`, { cause: error });
    });
  }

  private noDefaultModel(): Error {
    const { defaultModel, modelsDir } = this.settings;
    const names = this.all().map((model) => model.name);
    if (names.length === 0)
      return new StartupError(`MODELS_DIR: expected a folder with models in it, got "${modelsDir}"`);
    const found = names.join(', ');
    return new StartupError(`DEFAULT_MODEL: expected a model in ${modelsDir}, got "${defaultModel}" (found: ${found})`);
  }
}
