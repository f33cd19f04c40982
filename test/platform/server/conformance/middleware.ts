import { Injectable, type NestMiddleware, Scope } from '@nestjs/common';
import type { NestExpressApplication } from '@nestjs/platform-express';
import express, { type ErrorRequestHandler, type NextFunction, type Request, type Response } from 'express';
import { factsOf, type Marked, step, trace } from './trace.js';

@Injectable()
export class ClassMiddleware implements NestMiddleware {
  use(request: Marked, response: Response, next: NextFunction): void {
    trace(response, 'class middleware');
    request.marked = 'by class middleware';
    next();
  }
}

@Injectable({ scope: Scope.REQUEST })
export class RequestScopedMiddleware implements NestMiddleware {
  use(_: Request, response: Response, next: NextFunction): void {
    trace(response, 'request-scoped middleware');
    next();
  }
}

export function functionalMiddleware(_: Request, response: Response, next: NextFunction): void {
  trace(response, 'functional middleware');
  next();
}

export function failingMiddleware(): void {
  throw new Error('a middleware of the module');
}

export function onlyGet(_: Request, response: Response, next: NextFunction): void {
  trace(response, 'only GET');
  next();
}

export function onEverythingElse(_: Request, response: Response, next: NextFunction): void {
  trace(response, 'excluding');
  next();
}

/** Middleware for `app.use`, before any route. */
export function useMiddleware(app: NestExpressApplication): void {
  app.use(step('first'));
  app.use(rewrite);
  app.use(overrideMethod);
  app.use((request: Request, response: Response, next: NextFunction) => {
    Object.assign(request, { session: { member: 'toto' } });
    response.locals.from = 'middleware';
    setImmediate(next);
  });
  app.use('/cats', step('at /cats'));
  app.use('/prefix', step('at /prefix'));
  app.use('/prefix', step('first of two'), [step('second of two'), step('third')]);
  app.use('/prefix/:kind', (request: Request, response: Response, next: NextFunction) => {
    trace(response, `kind ${String(request.params.kind)}`);
    next();
  });
  app.use(['/many-a', '/many-b'], answer('one of many'));
  app.use(/\/regex-(\d+)/, answer('a regular expression'));
  app.use('/answered', answer('middleware'));
  app.use('/rewrites-below', (request: Request, _: Response, next: NextFunction) => {
    request.url = '/else';
    next();
  });
  app.use('/rewrites-below/else', answer('below what was rewritten'));
  app.use('/leaves', (_: Request, _2: Response, next: NextFunction) => next('router'));
  app.use('/skips-nothing', (_: Request, _2: Response, next: NextFunction) => next('route'));
  useFailures(app);
  app.use('/router', router());
  app.use('/tenants/:tenant', tenantRouter());
  app.use('/sub', subApplication());
}

function answer(handler: string) {
  return (request: Request, response: Response) => {
    response.json(factsOf(request, handler));
  };
}

function rewrite(request: Request, _: Response, next: NextFunction): void {
  if (request.url.startsWith('/rewritten/')) request.url = request.url.slice('/rewritten'.length);
  if (request.url === '/emptied') request.url = '';
  next();
}

function overrideMethod(request: Request, _: Response, next: NextFunction): void {
  const method = request.get('X-HTTP-Method-Override');
  if (method) request.method = method;
  next();
}

function useFailures(app: NestExpressApplication): void {
  app.use('/throws', () => {
    throw new Error('thrown by middleware');
  });
  app.use('/throws-text', () => {
    // eslint-disable-next-line @typescript-eslint/only-throw-error -- Express passes on any thrown value
    throw 'a text';
  });
  app.use('/throws-nothing', () => {
    // eslint-disable-next-line @typescript-eslint/only-throw-error -- Express passes on any thrown value
    throw undefined;
  });
  app.use('/rejects', async () => {
    throw Object.assign(new Error('rejected'), { status: 418, statusCode: 418, expose: true });
  });
  app.use('/passes-error', (_: Request, _2: Response, next: NextFunction) => next(new Error('passed on')));
  app.use('/passes-error-later', (_: Request, _2: Response, next: NextFunction) => {
    setTimeout(() => next(Object.assign(new Error('not for everybody'), { handled: true })), 1);
  });
  app.use('/handled', () => {
    throw Object.assign(new Error('handled here'), { handled: true });
  });
  app.use('/handled-below', router());
  app.use(errorMiddleware);
  app.use('/recovers', (_: Request, _2: Response, next: NextFunction) => next(new Error('forgotten')));
  app.use('/recovers', ((_, _2, response, next) => {
    trace(response, 'recovered');
    next();
  }) satisfies ErrorRequestHandler);
  app.use('/recovers', answer('recovered'));
}

const errorMiddleware: ErrorRequestHandler = (error: { handled?: boolean }, request, response, next) => {
  trace(response, 'error middleware');
  if (error.handled) response.status(499).json(factsOf(request, 'error middleware'));
  else next(error);
};

function router() {
  const routes = express.Router();
  routes.use(step('router'));
  routes.param('word', (_, response, next, value: string) => {
    trace(response, `param ${value}`);
    next();
  });
  routes.get('/', answer('router root'));
  routes.get('/words/:word', step('before'), answer('word'));
  routes.get('/skips', (_, _2, next) => next('route'), answer('skipped'));
  routes.get('/skips', answer('after next(route)'));
  routes.get('/leaves', (_, _2, next) => next('router'));
  routes.get('/leaves', answer('never'));
  routes.get('/throws', () => {
    throw new Error('in a router');
  });
  routes.route('/both').get(answer('get of both')).post(answer('post of both'));
  routes.all('/all', answer('all'));
  return routes;
}

function tenantRouter() {
  const routes = express.Router({ mergeParams: true, caseSensitive: true, strict: true });
  routes.get('/members/:member', answer('tenant and member'));
  return routes;
}

function subApplication() {
  const sub = express();
  sub.disable('x-powered-by');
  sub.set('json spaces', 2);
  sub.locals.name = 'sub';
  sub.get('/page/:id', answer('sub-application'));
  sub.use('/leaves', (_: Request, _2: Response, next: NextFunction) => next());
  return sub;
}
