import {
  Controller,
  Get,
  type MiddlewareConsumer,
  Module,
  type NestModule,
  Req,
  RequestMethod,
  ValidationPipe,
} from '@nestjs/common';
import { APP_FILTER, APP_GUARD, APP_INTERCEPTOR, RouterModule } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import type { Express, Request, Response } from 'express';
import { AnswersController, ResponsesController } from './answers.controllers.js';
import {
  CatsController,
  FirstController,
  HostedController,
  HostedOnlyController,
  PathsController,
  SecondController,
  UnhostedController,
} from './cats.controllers.js';
import {
  ClassMiddleware,
  failingMiddleware,
  functionalMiddleware,
  onEverythingElse,
  onlyGet,
  RequestScopedMiddleware,
  useMiddleware,
} from './middleware.js';
import {
  DomainErrorFilter,
  GlobalFilter,
  GlobalGuard,
  GlobalInterceptor,
  PipelineController,
  RequestScoped,
} from './pipeline.controllers.js';
import { StaticController } from './static.controller.js';
import { factsOf, step, trace } from './trace.js';

@Controller('leaf')
class LeafController {
  @Get(':id')
  leaf(@Req() request: Request) {
    return factsOf(request, 'leaf');
  }

  @Get()
  root(@Req() request: Request) {
    return factsOf(request, 'leaf root');
  }
}

@Module({ controllers: [LeafController] })
class LeafModule {}

@Module({ imports: [LeafModule] })
class BranchModule {}

const CONTROLLERS = [
  CatsController,
  PathsController,
  FirstController,
  SecondController,
  HostedController,
  HostedOnlyController,
  UnhostedController,
  AnswersController,
  ResponsesController,
  PipelineController,
  StaticController,
];

@Module({
  imports: [
    BranchModule,
    RouterModule.register([
      { path: 'branch/:branch', module: BranchModule, children: [{ path: 'twig', module: LeafModule }] },
    ]),
  ],
  controllers: CONTROLLERS,
  providers: [
    RequestScoped,
    { provide: APP_GUARD, useClass: GlobalGuard },
    { provide: APP_INTERCEPTOR, useClass: GlobalInterceptor },
    { provide: APP_FILTER, useClass: GlobalFilter },
    { provide: APP_FILTER, useClass: DomainErrorFilter },
  ],
})
export class PlainModule implements NestModule {
  configure(consumer: MiddlewareConsumer): void {
    consumer.apply(functionalMiddleware, ClassMiddleware).forRoutes('cats', PipelineController);
    consumer.apply(RequestScopedMiddleware).forRoutes({ path: 'cats/:id', method: RequestMethod.GET });
    consumer
      .apply(onlyGet)
      .forRoutes({ path: 'cats', method: RequestMethod.GET }, { path: 'cats/mine', method: RequestMethod.GET });
    consumer
      .apply(onEverythingElse)
      .exclude({ path: 'cats/mine', method: RequestMethod.GET }, 'paths/files/*path')
      .forRoutes(CatsController, PathsController);
    consumer.apply(onlyGet).forRoutes({ path: 'bound/nowhere', method: RequestMethod.GET });
    consumer.apply(failingMiddleware).forRoutes('paths/trips/*path');
  }
}

/** Registered before `init`. */
export function configurePlain(app: NestExpressApplication): void {
  app.useGlobalPipes(new ValidationPipe({ transform: true, whitelist: true }));
  app.useStaticAssets(import.meta.dirname, { prefix: '/assets', etag: false, lastModified: false });
  app.setLocal('name', 'plain');
  useMiddleware(app);
}

/** The same, with Express routes before the routes of controllers. */
export function configureExpress(app: NestExpressApplication): void {
  configurePlain(app);
  const express = app.getHttpAdapter().getInstance() as Express;
  express.param('word', (request: Request, response: Response, next, value: string) => {
    trace(response, `param ${value}`);
    request.params.word = value.toUpperCase();
    next();
  });
  const answer = (name: string) => (request: Request, response: Response) => void response.json(factsOf(request, name));
  express.get('/raw', step('raw step'), answer('raw'));
  express.route('/raw-both').get(answer('get')).post(answer('post'));
  express.get('/raw/words/:word', answer('word'));
  express.get('/raw/words/:word/again', (_, _2, next) => next());
  express.get('/raw/words/:word/:more', answer('word once more'));
  express.get(['/raw-a', '/raw-b/:x'], answer('array'));
  express.get(/^\/raw-(?<digits>\d+)$/, answer('regular expression'));
  express.get('/raw-skip', (_, _2, next) => next('route'), answer('never'));
  express.get('/raw-skip', answer('after next(route)'));
  const prototypeOf = ({ params }: Request, response: Response) => {
    response.json({ hasPrototype: Object.getPrototypeOf(params) !== null });
  };
  express.get('/raw-params', prototypeOf);
  express.get('/raw-params/:id', prototypeOf);
  express.all('/raw-all-nobody', step('all'), (_, _2, next) => next());
  express.all('/raw-all', step('all'), answer('all'));
}

/** Registered after all routes of controllers. */
export function extendPlain(app: NestExpressApplication): void {
  app.use(step('after everything'));
  const express = app.getHttpAdapter().getInstance() as Express;
  express.get(
    '/cats/after-init',
    (request: Request, response: Response) => void response.json(factsOf(request, 'after')),
  );
}
