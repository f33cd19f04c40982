import { Inject, type Provider } from '@nestjs/common';
import { ModelStore } from '../../serving/index.js';
import { ModelClient } from './model-client.js';

/** Names given to `@InjectModel`. Decorators fill it while the files of the features are imported. */
const injectedModels = new Set<string>();

/** The injection token of a model; for `overrideProvider` in tests. */
export function getModelToken(name: string): string {
  return `model:${name}`;
}

/**
 * Injects a `Model` by the name of its folder in the store. The folder may be missing: `predict` rejects until it exists.
 *
 * Nest needs a provider for each token before it creates any feature, and a provider cannot be added by discovery
 * after that. Therefore the decorator records the name, and `InferenceModule.forRoot` makes the providers from all names
 * recorded by then; see docs/adr/0010-models-by-injection.md.
 */
export function InjectModel(name: string): PropertyDecorator & ParameterDecorator {
  injectedModels.add(name);
  return Inject(getModelToken(name));
}

/** Makes a provider for each model that a feature injects. Call it once all features have been imported. */
export function modelProviders(): Provider[] {
  return [...injectedModels].map((name) => ({
    provide: getModelToken(name),
    inject: [ModelStore],
    useFactory: (store: ModelStore) => new ModelClient(store, name),
  }));
}
