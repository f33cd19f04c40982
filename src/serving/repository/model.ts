import type { Access, Manifest } from '../manifest/manifest.js';
import { ModelNotFoundError, ModelNotReadyError, VersionNotFoundError } from '../serving.errors.js';
import type { ModelVersion } from './model-version.js';
import type { VersionState } from './version-state.js';

/** The callbacks of a model to its store. */
export interface ModelOptions {
  readonly name: string;
  /** Called when the state, the versions or the manifest have changed. */
  readonly onChange: () => void;
  /** Loads a model that loads on its first request; resolves when it has, or when the request has waited long enough. */
  readonly loadOnDemand: (model: Model) => Promise<void>;
}

/** A model, its versions, and the choice of the version that serves by default. It alone changes its fields. */
export class Model {
  readonly name: string;
  private currentManifest: Manifest = {};
  private hasManifestFile = false;
  private currentVersions: readonly ModelVersion[] = [];
  private chosen: string | undefined;
  private currentProblem: string | undefined;
  private outOfService = false;
  private isRemoved = false;

  constructor(private readonly options: ModelOptions) {
    this.name = options.name;
  }

  get manifest(): Manifest {
    return this.currentManifest;
  }

  /** Whether the manifest was read from a `model.json`. */
  get hasManifest(): boolean {
    return this.hasManifestFile;
  }

  /** The newest first. */
  get versions(): readonly ModelVersion[] {
    return this.currentVersions;
  }

  /** Why its folder, or a change in it, is not served; undefined where there is no problem. */
  get problem(): string | undefined {
    return this.currentProblem;
  }

  /** Whether an administrator has unloaded it, until the next load or start. */
  get isUnloaded(): boolean {
    return this.outOfService;
  }

  get access(): Access {
    return this.manifest.access ?? 'public';
  }

  /**
   * The version for requests without a version: the chosen one, or else the newest ready one that is no candidate.
   * While the chosen version is loading nothing stands in for it.
   */
  get defaultVersion(): ModelVersion | undefined {
    const chosen = this.versions.find(({ version }) => version === this.chosen);
    if (chosen?.state === 'ready') return chosen;
    if (chosen?.state === 'loading') return undefined;
    return this.versions.find((version) => version.state === 'ready' && !this.isCandidate(version));
  }

  get state(): VersionState {
    if (this.defaultVersion) return 'ready';
    if (this.versions.some(({ state }) => state === 'loading')) return 'loading';
    return this.versions.every(({ state }) => state === 'unloaded') && !this.problem ? 'unloaded' : 'failed';
  }

  /** Why it is not ready, or why its newest files are not served. */
  get reason(): string | undefined {
    const reasons = [this.problem, ...this.versions.map(({ reason }) => reason)];
    const known = reasons.filter((reason) => reason !== undefined);
    if (known.length > 0) return known.join('; ');
    return this.state === 'failed'
      ? 'every version is a candidate, and none has been chosen as the default'
      : undefined;
  }

  /** Loads on first request, and has not been requested yet. */
  get loadsOnDemand(): boolean {
    return this.isOnDemand && this.state === 'unloaded';
  }

  /** Keeps the manifest of its folder; undefined where there is no `model.json`. */
  applyManifest(manifest: Manifest | undefined): void {
    this.hasManifestFile = manifest !== undefined;
    this.currentManifest = manifest ?? {};
    this.options.onChange();
  }

  reportProblem(problem: string | undefined): void {
    this.currentProblem = problem;
    this.options.onChange();
  }

  /** @param versions the newest first */
  setVersions(versions: readonly ModelVersion[]): void {
    this.currentVersions = versions;
    this.options.onChange();
  }

  /** Of one of its versions: the state, or the reason for it. */
  versionChanged(): void {
    this.options.onChange();
  }

  /** Puts `next` in the place of `current`. */
  replaceVersion(current: ModelVersion, next: ModelVersion): void {
    this.setVersions(this.versions.map((version) => (version === current ? next : version)));
  }

  /** Chooses the default version; undefined for the newest ready one. */
  chooseDefault(version: string | undefined): void {
    if (this.chosen === version) return;
    this.chosen = version;
    this.options.onChange();
  }

  /** @param isInService false: requests are refused and changes of its folder are not loaded */
  setInService(isInService: boolean): void {
    this.outOfService = !isInService;
  }

  /** Its folder is gone: it is found no longer, also by requests that hold it already. */
  remove(): void {
    this.isRemoved = true;
  }

  /** @throws VersionNotFoundError */
  version(version: string): ModelVersion {
    const found = this.versions.find((candidate) => candidate.version === version);
    if (!found) throw new VersionNotFoundError(this.name, version);
    return found;
  }

  /**
   * Runs `work` with the default version or the one named, which is not stopped meanwhile. A model that loads on its first
   * request is loaded first.
   *
   * @throws ModelNotFoundError, VersionNotFoundError, ModelNotReadyError
   */
  use<T>(version: string | undefined, work: (version: ModelVersion) => Promise<T>): Promise<T> {
    if (!this.isWaitingForRequest) return this.requireReady(version).use(work);
    return this.options.loadOnDemand(this).then(() => this.requireReady(version).use(work));
  }

  /**
   * The default version or the one named, once it has loaded. It may be stopped at any time: `use` keeps it.
   *
   * @throws ModelNotFoundError, VersionNotFoundError, ModelNotReadyError
   */
  async find(version?: string): Promise<ModelVersion> {
    if (this.isWaitingForRequest) await this.options.loadOnDemand(this);
    return this.requireReady(version);
  }

  private requireReady(version: string | undefined): ModelVersion {
    if (this.isRemoved) throw new ModelNotFoundError(this.name);
    const found = version === undefined ? this.defaultVersion : this.version(version);
    if (!found) throw new ModelNotReadyError(this.name, this.state);
    if (found.state !== 'ready') throw new ModelNotReadyError(`${this.name}/${found.version}`, found.state);
    return found;
  }

  /** A candidate does not serve by default until an administrator chooses it. */
  private isCandidate({ version }: ModelVersion): boolean {
    return this.manifest.versions?.[version]?.candidate ?? false;
  }

  /** Whether a request starts its load, or has to wait for it. */
  private get isWaitingForRequest(): boolean {
    return this.isOnDemand && (this.state === 'unloaded' || this.state === 'loading');
  }

  private get isOnDemand(): boolean {
    return this.manifest.load === 'first-use' && !this.isUnloaded;
  }
}
