import {
  Body,
  Controller,
  Get,
  type MiddlewareConsumer,
  Module,
  type NestModule,
  Post,
  Req,
  RequestMethod,
  Version,
} from '@nestjs/common';
import { VERSION_NEUTRAL, VersioningType } from '@nestjs/common';
import { APP_FILTER } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import express, { type ErrorRequestHandler, type Express, type Request, type Response } from 'express';
import { functionalMiddleware, onlyGet } from './middleware.js';
import { DomainErrorFilter } from './pipeline.controllers.js';
import { factsOf, step, trace } from './trace.js';

const FILTER = { provide: APP_FILTER, useClass: DomainErrorFilter };

@Controller('cats')
class CatsController {
  @Get()
  list(@Req() request: Request) {
    return factsOf(request, 'cats');
  }

  @Get('mine')
  mine(@Req() request: Request) {
    return factsOf(request, 'mine');
  }

  @Get(':id')
  one(@Req() request: Request) {
    return factsOf(request, 'one');
  }

  @Post()
  create(@Body() body: unknown) {
    return { body };
  }
}

@Controller('health')
class HealthController {
  @Get()
  health(@Req() request: Request) {
    return factsOf(request, 'health');
  }

  @Get('deep/:part')
  part(@Req() request: Request) {
    return factsOf(request, 'part');
  }
}

@Controller()
class RootController {
  @Get()
  root(@Req() request: Request) {
    return factsOf(request, 'root');
  }
}

@Module({ controllers: [RootController, CatsController, HealthController], providers: [FILTER] })
export class SmallModule implements NestModule {
  configure(consumer: MiddlewareConsumer): void {
    consumer.apply(functionalMiddleware).forRoutes('cats', 'health');
    consumer.apply(onlyGet).forRoutes({ path: 'cats/:id', method: RequestMethod.GET });
  }
}

/** The prefix `/api` for all routes but health. Routes that are registered late are outside of the prefix. */
export function configurePrefix(app: NestExpressApplication): void {
  app.setGlobalPrefix('api', { exclude: ['health', { path: 'health/deep/*path', method: RequestMethod.GET }] });
  app.use('/api/cats', step('at /api/cats'));
}

export function extendPrefix(app: NestExpressApplication): void {
  app.use('/late', step('late'));
  const instance = app.getHttpAdapter().getInstance() as Express;
  instance.get('/late/:id', (request, response) => void response.json(factsOf(request, 'late')));
  instance.get('/late-static', (request, response) => void response.json(factsOf(request, 'late and static')));
  app.use('/late-failure', () => {
    throw new Error('late');
  });
  app.use(((_, _2, response, next) => {
    trace(response, 'late error middleware');
    // Express responds with the stack.
    next(Object.assign(new Error('another'), { stack: 'another' }));
  }) satisfies ErrorRequestHandler);
}

/** Registered when the port is open. */
export function extendOpenPrefix(app: NestExpressApplication): void {
  const instance = app.getHttpAdapter().getInstance() as Express;
  instance.get('/open', (request, response) => void response.json(factsOf(request, 'when open')));
}

@Controller({ path: 'cats', version: '1' })
class FirstVersionController {
  @Get()
  list(@Req() request: Request) {
    return factsOf(request, 'version 1');
  }

  @Get(':id')
  one(@Req() request: Request) {
    return factsOf(request, 'one of version 1');
  }

  @Get('special')
  @Version(['2', '3'])
  special(@Req() request: Request) {
    return factsOf(request, 'special of 2 and 3');
  }
}

@Controller({ path: 'cats', version: '2' })
class SecondVersionController {
  @Get()
  list(@Req() request: Request) {
    return factsOf(request, 'version 2');
  }
}

@Controller({ path: 'health', version: VERSION_NEUTRAL })
class NeutralController {
  @Get()
  health(@Req() request: Request) {
    return factsOf(request, 'neutral');
  }
}

@Module({
  controllers: [FirstVersionController, SecondVersionController, NeutralController, RootController],
  providers: [FILTER],
})
export class VersionedModule implements NestModule {
  configure(consumer: MiddlewareConsumer): void {
    consumer.apply(functionalMiddleware).forRoutes(FirstVersionController);
    consumer.apply(onlyGet).forRoutes({ path: 'cats', method: RequestMethod.GET, version: '2' });
  }
}

export function configureUriVersions(app: NestExpressApplication): void {
  app.enableVersioning({ type: VersioningType.URI, defaultVersion: '1' });
}

export function configureHeaderVersions(app: NestExpressApplication): void {
  app.enableVersioning({ type: VersioningType.HEADER, header: 'X-Version' });
}

export function configureCors(app: NestExpressApplication): void {
  app.enableCors({ origin: ['http://a.example.test'], credentials: true, maxAge: 60, exposedHeaders: ['X-Trace'] });
}

/** Settings that Express reads when it creates its router. */
export function strictExpress(): Express {
  const instance = express();
  instance.enable('strict routing');
  instance.enable('case sensitive routing');
  return instance;
}

export function configureStrict(app: NestExpressApplication): void {
  app.set('trust proxy', 1);
  app.set('query parser', 'extended');
  app.set('subdomain offset', 1);
  app.disable('x-powered-by');
  app.use((request: Request, response: Response, next: () => void) => {
    trace(response, `trusts ${request.hostname}`);
    next();
  });
}
