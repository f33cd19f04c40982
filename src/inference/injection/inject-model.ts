import { Inject, type Provider } from '@nestjs/common';
import { ModelCalls } from './model-calls.js';
import type { Model } from './model-client.js';

const wanted = new Set<string>();

/** What a model is injected by; for `overrideProvider` in tests. */
export function getModelToken(name: string): string {
  return `model:${name}`;
}

/** Injects a `Model` by the name of its folder in the store. It need not be there yet: `predict` says so when it is not. */
export function InjectModel(name: string): PropertyDecorator & ParameterDecorator {
  wanted.add(name);
  return Inject(getModelToken(name));
}

/** A provider for each model that something injects. Decorators have run by the time modules are put together. */
export function modelProviders(): Provider[] {
  return [...wanted].map((name) => ({
    provide: getModelToken(name),
    inject: [ModelCalls],
    useFactory: (calls: ModelCalls): Model<object, unknown> => ({
      predict: async (features, options) => (await calls.predict(name, [features], options))[0],
      predictMany: (rows, options) => calls.predict(name, rows, options),
    }),
  }));
}
