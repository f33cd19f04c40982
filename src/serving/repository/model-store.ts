import { access } from 'node:fs/promises';
import { Injectable, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { OpenApi } from '../../platform/docs/index.js';
import { type PartReadiness, ReadinessRegistry } from '../../platform/health/index.js';
import { Log, StartError, StartFailure } from '../../platform/logging/index.js';
import { ModelLoadFailedError, ModelNotFoundError } from '../serving.errors.js';
import { InferenceSettings } from '../serving.settings.js';
import { Model } from './model.js';
import { ModelDefaultsRepository } from './model-defaults.repository.js';
import { ModelLoader } from './model-loader.js';
import type { ModelVersion } from './model-version.js';
import { fingerprintOf, type ModelFolder, scanModels } from './scan-models.js';
import { Serial } from './serial.js';

/** A change is taken up when two looks in a row have seen the same: sooner than 2 s after a copy has ended. */
const LOOK_EVERY_MS = 400;
/** Every 2 s. */
const LOOKS_PER_CHOICES = 5;

/** A model, what was last seen of its folder, and what happens to it one thing after another. */
interface Shelf {
  readonly model: Model;
  readonly changes: Serial;
  folder: ModelFolder;
  /** What is served, or has been tried. */
  takenUp: string;
  /** Not there at the last look. */
  isMissing: boolean;
}

/**
 * The models there are. They load in parallel from start on, and follow their folders from then on: what is new is loaded
 * beside what serves. A default model that cannot be loaded at the start ends it.
 */
@Injectable()
export class ModelStore implements OnModuleInit, OnApplicationShutdown {
  private readonly shelves = new Map<string, Shelf>();
  private chosen: ReadonlyMap<string, string> = new Map();
  private isStoreThere = true;
  private looks = 0;
  private isLoading = true;
  private nextLook: NodeJS.Timeout | undefined;

  constructor(
    private readonly settings: InferenceSettings,
    private readonly loader: ModelLoader,
    private readonly defaults: ModelDefaultsRepository,
    private readonly readiness: ReadinessRegistry,
    private readonly openApi: OpenApi,
    private readonly startFailure: StartFailure,
    private readonly log: Log,
  ) {}

  /** Begins to load; `/health/ready` tells when that is done. */
  async onModuleInit(): Promise<void> {
    this.readiness.add('models', () => this.report());
    this.chosen = await this.defaults.all();
    const folders = await scanModels(this.settings.modelsDir);
    await Promise.all(folders.map((folder) => this.open(folder)));
    if (!this.shelves.has(this.settings.defaultModel)) throw this.noDefaultModel();
    void this.loadAll();
    this.lookLater();
  }

  /** By now every request has been answered, or has had the time there is for that. */
  async onApplicationShutdown(): Promise<void> {
    clearTimeout(this.nextLook);
    this.loader.stop();
    await Promise.all(this.all().flatMap(({ versions }) => versions.map((version) => version.stop())));
  }

  /** By name. */
  all(): Model[] {
    return [...this.shelves.values()].map(({ model }) => model).sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  get(name: string): Model {
    return this.shelf(name).model;
  }

  /** The model behind `/predict`; throws where it has been removed. */
  get default(): Model {
    return this.get(this.settings.defaultModel);
  }

  /** The model behind `/predict`, while there is one. */
  findDefault(): Model | undefined {
    return this.shelves.get(this.settings.defaultModel)?.model;
  }

  /**
   * Lets `work` have the version that serves, or the one that is named; a model that loads on its first use is loaded
   * first. Until `work` has ended the version is not stopped, whatever takes its place.
   *
   * @throws ModelNotFoundError, VersionNotFoundError, ModelNotReadyError
   */
  use<T>(name: string, version: string | undefined, work: (version: ModelVersion) => Promise<T>): Promise<T> {
    const shelf = this.shelf(name);
    const start = (): Promise<T> => shelf.model.resolve(version).use(work);
    return shelf.model.isAwaited ? this.loadForUse(shelf).then(start) : start();
  }

  /**
   * The version that serves, or the one that is named, once it has loaded: to know it; `use` runs it.
   *
   * @throws ModelNotFoundError, VersionNotFoundError, ModelNotReadyError
   */
  async find(name: string, version?: string): Promise<ModelVersion> {
    const shelf = this.shelf(name);
    if (shelf.model.isAwaited) await this.loadForUse(shelf);
    return shelf.model.resolve(version);
  }

  /** Makes `version` the one that serves, or the newest ready one where it is null; kept across restarts. */
  async choose(model: Model, version: string | null): Promise<void> {
    if (version === null) await this.defaults.clear(model.name);
    else await this.defaults.choose(model.name, version);
    const chosen = new Map(this.chosen);
    if (version === null) chosen.delete(model.name);
    else chosen.set(model.name, version);
    this.applyChoices(chosen);
  }

  /**
   * Loads what a model's folder has now, also what failed before, and puts the model back into service.
   *
   * @throws ModelNotFoundError, or ModelLoadFailedError where not all that is newest of it can be served
   */
  async load(name: string): Promise<Model> {
    const shelf = this.shelves.get(name) ?? (await this.open(await this.folder(name)));
    await shelf.changes.run(async () => {
      const folder = await this.folder(name);
      // It may have been removed, and put back as another, while this waited.
      if (this.shelves.get(name) !== shelf) throw new ModelNotFoundError(name);
      shelf.model.isUnloaded = false;
      await this.takeUp(shelf, folder, true);
      await this.loader.loadAll(shelf.model);
    });
    const { model } = shelf;
    if (model.state === 'ready' && model.trouble === undefined && model.versions[0]?.reason === undefined) return model;
    throw new ModelLoadFailedError(`"${name}" cannot be served as it is now: ${model.reason}`);
  }

  /** Takes a model out of service until `load`, or the next start. */
  async unload(name: string): Promise<Model> {
    const shelf = this.shelf(name);
    await shelf.changes.run(() => {
      shelf.model.isUnloaded = true;
      return this.loader.unload(shelf.model, shelf.folder);
    });
    return shelf.model;
  }

  private async open(folder: ModelFolder): Promise<Shelf> {
    const model = new Model(folder.name);
    model.pinned = this.chosen.get(folder.name);
    const shelf = { model, changes: new Serial(), folder, takenUp: fingerprintOf(folder), isMissing: false };
    this.shelves.set(folder.name, shelf);
    await this.loader.describe(model, folder);
    return shelf;
  }

  private async loadAll(): Promise<void> {
    const shelves = [...this.shelves.values()];
    await Promise.all(shelves.map((shelf) => shelf.changes.run(() => this.loadFirst(shelf))));
    this.isLoading = false;
    await this.readiness.evaluate();
  }

  private async loadFirst({ model, folder }: Shelf): Promise<void> {
    const isDefault = model.name === this.settings.defaultModel;
    await this.loader.reconcile(model, folder);
    if (isDefault && model.loadsOnUse) await this.loader.loadAll(model);
    if (!isDefault || model.state === 'ready' || this.loader.isStopping) return;
    this.startFailure.end(`The default model "${model.name}" cannot be served: ${model.reason}`);
  }

  /** Waits as long as a prediction may; a model that takes longer is there for the next request. */
  private async loadForUse({ model, changes }: Shelf): Promise<void> {
    const loaded = changes.run(() => this.loader.loadAll(model));
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => (timer = setTimeout(resolve, this.settings.deadlineMs)));
    await Promise.race([loaded, late]);
    clearTimeout(timer);
  }

  private lookLater(): void {
    this.nextLook = setTimeout(() => void this.look(), LOOK_EVERY_MS);
  }

  private async look(): Promise<void> {
    this.looks += 1;
    try {
      await access(this.settings.modelsDir);
      this.compare(await scanModels(this.settings.modelsDir));
      this.isStoreThere = true;
    } catch (err) {
      // What is away may be back soon, as when a disk is mounted again: what serves goes on.
      if (this.isStoreThere) this.log.lines.warn({ err }, 'the model store cannot be read');
      this.isStoreThere = false;
    }
    if (this.looks % LOOKS_PER_CHOICES === 0) await this.refreshChoices();
    if (!this.loader.isStopping) this.lookLater();
  }

  /** Another process on the same database may have been told to serve another version. */
  private async refreshChoices(): Promise<void> {
    const before = this.chosen;
    const chosen = await this.defaults.all().catch(() => before);
    if (this.chosen === before) this.applyChoices(chosen);
  }

  private applyChoices(chosen: ReadonlyMap<string, string>): void {
    this.chosen = chosen;
    for (const { model } of this.shelves.values()) {
      if (model.pinned === chosen.get(model.name)) continue;
      model.pinned = chosen.get(model.name);
      this.openApi.invalidate();
    }
  }

  private compare(folders: readonly ModelFolder[]): void {
    for (const folder of folders) {
      const shelf = this.shelves.get(folder.name);
      if (shelf) this.follow(shelf, folder);
      else void this.open(folder).then((opened) => (opened.takenUp = ''));
    }
    for (const shelf of this.shelves.values()) {
      const isMissing = !folders.some(({ name }) => name === shelf.model.name);
      if (isMissing && shelf.isMissing) void this.remove(shelf);
      shelf.isMissing = isMissing;
    }
  }

  /** Takes a change up once it has settled: a file that is being copied changes from look to look. */
  private follow(shelf: Shelf, folder: ModelFolder): void {
    const seen = fingerprintOf(folder);
    const hasSettled = seen === fingerprintOf(shelf.folder);
    shelf.folder = folder;
    if (!hasSettled || seen === shelf.takenUp || shelf.changes.isBusy) return;
    void shelf.changes.run(() => this.takeUp(shelf, folder, false));
  }

  private async takeUp(shelf: Shelf, folder: ModelFolder, isForced: boolean): Promise<void> {
    shelf.folder = folder;
    shelf.takenUp = fingerprintOf(folder);
    await this.loader.describe(shelf.model, folder);
    await this.loader.reconcile(shelf.model, folder, isForced);
  }

  private async remove(shelf: Shelf): Promise<void> {
    const { model } = shelf;
    this.shelves.delete(model.name);
    this.openApi.invalidate();
    this.log.lines.info({ model: model.name }, `model ${model.name} has been removed`);
    await shelf.changes.run(async () => {
      await Promise.all(model.versions.map((version) => version.retire()));
    });
  }

  private async folder(name: string): Promise<ModelFolder> {
    const folder = (await scanModels(this.settings.modelsDir)).find((found) => found.name === name);
    if (!folder) throw new ModelNotFoundError(name);
    return folder;
  }

  private shelf(name: string): Shelf {
    const shelf = this.shelves.get(name);
    if (!shelf) throw new ModelNotFoundError(name);
    return shelf;
  }

  /** Ready once everything has been tried and the default model answers; another one that failed does not matter. */
  private report(): PartReadiness {
    const detail = Object.fromEntries(this.all().map((model) => [model.name, model.state]));
    const isServing = this.shelves.get(this.settings.defaultModel)?.model.state === 'ready';
    return { ok: !this.isLoading && isServing, detail };
  }

  private noDefaultModel(): Error {
    const { defaultModel, modelsDir } = this.settings;
    const names = this.all().map((model) => model.name);
    if (names.length === 0)
      return new StartError(`MODELS_DIR: expected a folder with models in it, got "${modelsDir}"`);
    const found = names.join(', ');
    return new StartError(`DEFAULT_MODEL: expected a model in ${modelsDir}, got "${defaultModel}" (found: ${found})`);
  }
}
