import { type DynamicModule, Module } from '@nestjs/common';
import { Env, SettingsError, type Variables } from './env.js';
import { EnvironmentSettings } from './environment.settings.js';

/** A settings class of a room. Its constructor reads and validates the settings with `Env`. */
export type SettingsClass = new (env: Env) => object;

const ALL_SETTINGS = Symbol('all settings');
const registered = new Set<SettingsClass>();

/**
 * Provides settings as injectable classes, one per room. A room imports `SettingsModule.forFeature(ItsSettings)` and injects
 * `ItsSettings`. The application imports `SettingsModule.forRoot(variables)`, which validates all settings together.
 */
@Module({})
export class SettingsModule {
  /** @throws SettingsError with every invalid variable */
  static forRoot(variables: Variables): DynamicModule {
    const settings = readAll([...registered], variables);
    return {
      module: SettingsModule,
      global: true,
      providers: [{ provide: ALL_SETTINGS, useValue: settings }, provider(EnvironmentSettings)],
      exports: [ALL_SETTINGS, EnvironmentSettings],
    };
  }

  static forFeature(settings: SettingsClass): DynamicModule {
    registered.add(settings);
    return { module: SettingsModule, providers: [provider(settings)], exports: [settings] };
  }
}

registered.add(EnvironmentSettings);

function provider(type: SettingsClass) {
  const useFactory = (all: ReadonlyMap<SettingsClass, object>): object | undefined => all.get(type);
  return { provide: type, inject: [ALL_SETTINGS], useFactory };
}

function readAll(types: readonly SettingsClass[], variables: Variables): Map<SettingsClass, object> {
  const env = new Env(variables);
  const settings = new Map(types.map((type) => [type, new type(env)]));
  if (env.problems.length > 0) throw new SettingsError(env.problems);
  return settings;
}

/**
 * Reads one settings class without the application, for commands.
 *
 * @throws SettingsError with every invalid variable
 */
export function readSettings<T extends object>(type: new (env: Env) => T, variables: Variables): T {
  return readAll([type], variables).get(type) as T;
}
