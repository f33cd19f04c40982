import { tracingChannel } from 'node:diagnostics_channel';
import type { IncomingMessage, ServerResponse } from 'node:http';
import express, { type Application, type NextFunction, type Request, type Response } from 'express';
import { fits, type Handler, isParameter, type Layer, type Plan, planRoutes } from './plan-routes.js';

/** What is used here of Express's router: https://github.com/pillarjs/router */
interface Router {
  readonly stack: Layer[];
  readonly params: object;
}

/** A plan, and what the path that leads to it has for the plan's parameters. */
interface Match {
  readonly plan: Plan;
  readonly values: readonly string[];
}

/** A path of which nothing has to be decoded, and whose case cannot matter. */
const PLAIN_PATH = /^(?:\/[a-z0-9._~-]+)+$/;
/** Paths with parameters whose matches are remembered: those of models, and of what everybody looks at. */
const MAX_RECENT = 1_000;
const METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'];
const traced = tracingChannel('express.router.request');

/**
 * Runs requests as Express would, with what can be known of them before they come found out once: which handlers a method
 * and a path meet, in which order. Express asks each of its layers anew, for every request, and with fifty routes that takes
 * longer, and makes more garbage, than most handlers. What is not plain (patterns, encoded paths, mounted routers, a handler
 * that fails, rewrites the URL or passes on) is left to Express, from the layer on where that begins.
 */
export class RoutePlans {
  /** By method and path. */
  private exact: ReadonlyMap<string, Match> = new Map();
  /** By method and number of segments; in Express's order. */
  private plans: ReadonlyMap<string, readonly Plan[]> = new Map();
  private readonly recent = new Map<string, Match>();
  private plannedLayers = 0;

  /** Called for what Express has no path for, and so answers by itself, in its own words, before any middleware. */
  lastResort: ((request: Request, response: Response) => void) | undefined;

  private readonly router: Router;

  constructor(private readonly app: Application) {
    this.router = app.router as unknown as Router;
  }

  /** What a server calls for each request. */
  readonly listener = (message: IncomingMessage, answer: ServerResponse): void => {
    const [request, response] = [message as Request, answer as Response];
    // Who wants to be told of each layer that Express runs is told.
    const match = traced.hasSubscribers ? undefined : this.find(request);
    if (match) this.run(match, request, response);
    else this.leaveToExpress(request, response);
  };

  /** The same for a server that serves only some of what there is. */
  listenerOf(serves: (url: string) => boolean): RoutePlans['listener'] {
    return (message, answer) => {
      if (serves(message.url ?? '')) {
        this.listener(message, answer);
        return;
      }
      const [request, response] = [message as Request, answer as Response];
      begin(request, response, () => undefined);
      this.lastResort?.(request, response);
    };
  }

  /** The plan of a request; undefined where it is left to Express. */
  find({ method, url }: Pick<Request, 'method' | 'url'>): Match | undefined {
    // Handlers can be added at any time.
    if (this.router.stack.length !== this.plannedLayers) this.plan();
    const end = url.indexOf('?');
    const path = end === -1 ? url : url.slice(0, end);
    const address = `${method} ${path}`;
    return this.exact.get(address) ?? this.recent.get(address) ?? this.search(method, path, address);
  }

  private search(method: string, path: string, address: string): Match | undefined {
    if (!PLAIN_PATH.test(path)) return undefined;
    const segments = path.slice(1).split('/');
    const plan = this.plans
      .get(`${method} ${segments.length}`)
      ?.find((candidate) => fits(candidate.segments, segments));
    if (!plan) return undefined;
    const match = { plan, values: plan.parameters.map(({ index }) => segments[index]!) };
    if (this.recent.size === MAX_RECENT) this.recent.clear();
    this.recent.set(address, match);
    return match;
  }

  private leaveToExpress(request: Request, response: Response): void {
    const { lastResort } = this;
    const run: (request: Request, response: Response, done?: () => void) => void = this.app;
    if (lastResort) run(request, response, () => lastResort(request, response));
    else run(request, response);
  }

  private run({ plan, values }: Match, request: Request, response: Response): void {
    const { route, steps, parameters } = plan;
    const { url, method } = request;
    let at = 0;
    const next = (reason?: unknown): void => {
      if (reason || at === steps.length || request.url !== url || request.method !== method) {
        this.resume(steps[at - 1]!.index + 1, reason, request, response);
        return;
      }
      const { handle } = steps[at++]!;
      if (at === steps.length) {
        request.route = route;
        request.params = paramsOf(parameters, values);
      }
      call(handle, request, response, next);
    };
    if (this.app.enabled('x-powered-by')) response.setHeader('X-Powered-By', 'Express');
    begin(request, response, next);
    next();
  }

  /** Lets Express go on from a layer, as if it had come so far by itself. */
  private resume(index: number, reason: unknown, request: Request, response: Response): void {
    const router = express.Router();
    // A reason to leave a route has done so; any other is an error.
    if (reason && reason !== 'route') router.use((_request, _response, next) => next(reason));
    (router as unknown as Router).stack.push(...this.router.stack.slice(index));
    const app = Object.create(this.app, { router: { value: router } }) as Application;
    (app as unknown as { handle: (...exchange: unknown[]) => void }).handle(request, response);
  }

  private plan(): void {
    const { stack, params } = this.router;
    const exact = new Map<string, Match>();
    const plans = new Map<string, Plan[]>();
    // What looks at parameters may do so at any route.
    const methods = Object.keys(params).length > 0 ? [] : METHODS;
    for (const method of methods) {
      for (const plan of planRoutes(method, stack)) {
        const shape = `${method} ${plan.segments.length}`;
        const alike = plans.get(shape) ?? [];
        const isTaken = alike.some((other) => fits(other.segments, plan.segments));
        const isExact = !isTaken && !plan.segments.some(isParameter);
        if (isExact) exact.set(`${method} /${plan.segments.join('/')}`, { plan, values: [] });
        plans.set(shape, [...alike, plan]);
      }
    }
    this.exact = exact;
    this.plans = plans;
    this.recent.clear();
    this.plannedLayers = stack.length;
  }
}

/** What Express does to a request and its response before it looks for a route. */
function begin(request: Request, response: Response, next: NextFunction): void {
  request.res = response;
  (response as { req: Request }).req = request;
  response.locals = Object.create(null) as Response['locals'];
  request.originalUrl = request.url;
  request.baseUrl = '';
  request.params = {};
  request.next = next;
}

/** What throws or rejects has failed; https://expressjs.com/en/guide/error-handling.html */
function call(handle: Handler, request: Request, response: Response, next: NextFunction): void {
  try {
    const result = handle(request, response, next) as PromiseLike<unknown> | undefined;
    if (typeof result?.then === 'function') {
      result.then(undefined, (error: unknown) => next(error || new Error('Rejected promise')));
    }
  } catch (error) {
    next(error);
  }
}

function paramsOf(parameters: Plan['parameters'], values: readonly string[]): Record<string, string> {
  // Without a prototype, as Express has them.
  const params = Object.create(null) as Record<string, string>;
  for (let index = 0; index < parameters.length; index += 1) params[parameters[index]!.name] = values[index]!;
  return params;
}
