import { StartupError } from '../../platform/logging/index.js';
import type { ServingSettings } from '../serving.settings.js';
import type { Model } from './model.js';
import { type ModelFolder, scanModels } from './scan-models.js';

/** The folders of the model store. @throws StartupError where it cannot be read */
export function scanAtStart({ modelsDir }: ServingSettings): Promise<ModelFolder[]> {
  return scanModels(modelsDir).catch((error: NodeJS.ErrnoException) => {
    throw new StartupError(`MODELS_DIR: "${modelsDir}" cannot be read (${error.code})`, { cause: error });
  });
}

/** The error of a start without the default model. @param found the models in the store */
export function noDefaultModel({ defaultModel, modelsDir }: ServingSettings, found: readonly Model[]): StartupError {
  if (found.length === 0)
    return new StartupError(`MODELS_DIR: expected a folder with models in it, got "${modelsDir}"`);
  const names = found.map(({ name }) => name).join(', ');
  return new StartupError(`DEFAULT_MODEL: expected a model in ${modelsDir}, got "${defaultModel}" (found: ${names})`);
}
