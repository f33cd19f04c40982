import { join } from 'node:path';
import { Injectable, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { OpenApi } from '../../docs/index.js';
import { type PartReadiness, ReadinessRegistry } from '../../health/index.js';
import { Log, StartError, StartFailure } from '../../logging/index.js';
import { ModelNotFoundError } from '../inference.errors.js';
import { InferenceSettings } from '../inference.settings.js';
import type { Manifest } from '../manifest/manifest.js';
import { readManifest } from '../manifest/read-manifest.js';
import { Model } from './model.js';
import { ModelDefaultsRepository } from './model-defaults.repository.js';
import { ModelVersion } from './model-version.js';
import { runtimeOptionsOf } from './runtime-options-of.js';
import { fileInStore, type ModelFolder, scanModels } from './scan-models.js';

/** The models there are. They load in parallel from start on; a default model that cannot be loaded ends the start. */
@Injectable()
export class ModelStore implements OnModuleInit, OnApplicationShutdown {
  private models: ReadonlyMap<string, Model> = new Map();
  private isLoading = true;
  private readonly stopping = new AbortController();

  constructor(
    private readonly settings: InferenceSettings,
    private readonly defaults: ModelDefaultsRepository,
    private readonly readiness: ReadinessRegistry,
    private readonly openApi: OpenApi,
    private readonly startFailure: StartFailure,
    private readonly log: Log,
  ) {}

  /** Begins to load; `/health/ready` tells when that is done. */
  async onModuleInit(): Promise<void> {
    this.readiness.add('models', () => this.report());
    const folders = await scanModels(this.settings.modelsDir);
    const chosen = await this.defaults.all();
    const opened = await Promise.all(folders.map((folder) => this.open(folder)));
    this.models = new Map(opened.map((model) => [model.name, model]));
    for (const model of opened) model.pinned = chosen.get(model.name);
    if (!this.models.has(this.settings.defaultModel)) throw this.noDefaultModel();
    void this.loadAll();
  }

  /** By now every request has been answered, or has had the time there is for that. */
  async onApplicationShutdown(): Promise<void> {
    this.stopping.abort();
    const versions = this.all().flatMap((model) => model.versions);
    await Promise.all(versions.map((version) => version.stop()));
  }

  /** By name. */
  all(): Model[] {
    return [...this.models.values()];
  }

  get(name: string): Model {
    const model = this.models.get(name);
    if (!model) throw new ModelNotFoundError(name);
    return model;
  }

  /** The model behind `/predict`. */
  get default(): Model {
    return this.get(this.settings.defaultModel);
  }

  /** Makes `version` the one that serves, or the newest ready one where it is null; kept across restarts. */
  async choose(model: Model, version: string | null): Promise<void> {
    if (version === null) await this.defaults.clear(model.name);
    else await this.defaults.choose(model.name, version);
    model.pinned = version ?? undefined;
    this.openApi.invalidate();
  }

  private async open({ name, path, versions }: ModelFolder): Promise<Model> {
    try {
      const manifest = (await readManifest(join(path, 'model.json'))) ?? {};
      const trouble =
        versions.length === 0 ? 'it has no version: a folder such as 1/ with model.onnx in it' : undefined;
      return new Model(
        name,
        manifest,
        versions.map((version) => this.version(name, version, manifest)),
        trouble,
      );
    } catch (error) {
      return new Model(name, {}, [], (error as Error).message);
    }
  }

  private version(model: string, version: string, manifest: Manifest): ModelVersion {
    return new ModelVersion({
      name: `${model}/${version}`,
      version,
      manifest,
      deadlineMs: this.settings.deadlineMs,
      onTrouble: (message, details) =>
        this.log.lines.warn({ model, version, ...details }, `model ${model}/${version}: ${message}`),
      onStateChange: () => {
        this.openApi.invalidate();
        void this.readiness.evaluate();
      },
    });
  }

  private async loadAll(): Promise<void> {
    await Promise.all(this.all().map((model) => this.load(model)));
    this.isLoading = false;
    await this.readiness.evaluate();
  }

  private async load(model: Model): Promise<void> {
    await Promise.all(model.versions.map((version) => this.loadVersion(model, version)));
    if (model.state === 'ready' || this.stopping.signal.aborted) return;
    if (model.trouble !== undefined) this.logFailure(model.name, model.trouble);
    if (model.name === this.settings.defaultModel) {
      this.startFailure.end(`The default model "${model.name}" cannot be served: ${model.reason}`);
    }
  }

  private async loadVersion(model: Model, version: ModelVersion): Promise<void> {
    const place = [model.name, version.version, 'model.onnx'];
    const sha256 = model.manifest.versions?.[version.version]?.sha256;
    if (sha256 === undefined) {
      this.log.lines.warn(
        { model: model.name, version: version.version },
        `${place.join('/')} is not pinned by sha256`,
      );
    }
    try {
      const file = await fileInStore(this.settings.modelsDir, ...place);
      await version.start(runtimeOptionsOf(model.manifest, version.version, file), this.stopping.signal);
    } catch (error) {
      await version.fail((error as Error).message);
    }
    if (version.reason === undefined || this.stopping.signal.aborted) return;
    version.reason = `${place.join('/')}: ${version.reason}`;
    this.logFailure(model.name, version.reason);
  }

  private logFailure(model: string, reason: string): void {
    this.log.lines.error({ model, reason }, `model ${model} failed: ${reason}`);
  }

  /** Ready once everything has been tried and the default model answers; another one that failed does not matter. */
  private report(): PartReadiness {
    const detail = Object.fromEntries(this.all().map((model) => [model.name, model.state]));
    const isServing = this.models.get(this.settings.defaultModel)?.state === 'ready';
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
