import type { AddressInfo } from 'node:net';
import type { NestApplicationOptions, Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { ExpressAdapter, NestExpressApplication } from '@nestjs/platform-express';
import type { Express } from 'express';
import * as other from './other.apps.js';
import { configureExpress, configurePlain, extendPlain, PlainModule } from './plain.app.js';

interface Recipe {
  readonly module: Type;
  readonly options?: NestApplicationOptions;
  express?(): Express;
  /** Called before `init`. */
  configure?(app: NestExpressApplication): void;
  /** Called after `init`. */
  extend?(app: NestExpressApplication): void;
  /** Called after `listen`. */
  extendOpen?(app: NestExpressApplication): void;
}

const RECIPES = {
  plain: { module: PlainModule, configure: configurePlain, extend: extendPlain },
  express: { module: PlainModule, configure: configureExpress, extend: extendPlain },
  prefix: {
    module: other.SmallModule,
    options: { rawBody: true },
    configure: other.configurePrefix,
    extend: other.extendPrefix,
    extendOpen: other.extendOpenPrefix,
  },
  versions: { module: other.VersionedModule, configure: other.configureUriVersions },
  'header versions': { module: other.VersionedModule, configure: other.configureHeaderVersions },
  cors: { module: other.SmallModule, configure: other.configureCors },
  strict: { module: other.SmallModule, express: other.strictExpress, configure: other.configureStrict },
} satisfies Record<string, Recipe>;

export type AppName = keyof typeof RECIPES;
export const APP_NAMES = Object.keys(RECIPES) as AppName[];

export interface RunningApp {
  readonly port: number;
  close(): Promise<void>;
}

/** Starts an application on a free port, with the given adapter class. */
export async function startApp(name: AppName, Adapter: typeof ExpressAdapter): Promise<RunningApp> {
  const recipe: Recipe = RECIPES[name];
  const options = { logger: false, abortOnError: false, ...recipe.options } as const;
  const adapter = new Adapter(recipe.express?.());
  const app = await NestFactory.create<NestExpressApplication>(recipe.module, adapter, options);
  app.set('etag', false);
  recipe.configure?.(app);
  await app.init();
  recipe.extend?.(app);
  await app.listen(0, '127.0.0.1');
  recipe.extendOpen?.(app);
  const { port } = app.getHttpServer().address() as AddressInfo;
  return { port, close: () => app.close() };
}
