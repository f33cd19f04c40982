import { tracingChannel } from 'node:diagnostics_channel';
import type { IncomingMessage, ServerResponse } from 'node:http';
import express, { type Application, type NextFunction, type Request, type Response } from 'express';
import { type Handler, isParameter, type Layer, matches, type Plan, planRoutes } from './plan-routes.js';

/** The part of Express's router that is used here: https://github.com/pillarjs/router */
interface Router {
  readonly stack: Layer[];
  readonly params: object;
}

/** A plan, with the values that a path has for its parameters. */
interface Match {
  readonly plan: Plan;
  readonly values: readonly string[];
}

/** A path without percent-encoding and upper case. */
const PLAIN_PATH = /^(?:\/[a-z0-9._~-]+)+$/;
/** Maximum number of cached matches of paths with parameters. */
const MAX_CACHED = 1_000;
const METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'];
const traced = tracingChannel('express.router.request');

/**
 * Runs requests as Express would, with precomputed plans: the list of handlers for each method and path. Express matches each
 * request against each of its layers, which takes longer and allocates more memory than most handlers with fifty routes.
 * Express still handles patterns, encoded paths and mounted routers. It also takes over, from the next layer on, when a
 * handler fails, rewrites the URL or calls `next`.
 */
export class RoutePlans {
  /** By method and path. */
  private exact: ReadonlyMap<string, Match> = new Map();
  /** By method and number of segments, in Express's order. */
  private plans: ReadonlyMap<string, readonly Plan[]> = new Map();
  private readonly cached = new Map<string, Match>();
  /** Number of layers when the plans were made. */
  private plannedLayers = 0;

  /** Handles a request whose target Express cannot parse, in place of Express's own response without middleware. */
  fallback: ((request: Request, response: Response) => void) | undefined;

  private readonly router: Router;

  constructor(private readonly app: Application) {
    this.router = app.router as unknown as Router;
  }

  /** The request listener of a server. */
  readonly listener = (message: IncomingMessage, reply: ServerResponse): void => {
    const [request, response] = [message as Request, reply as Response];
    // A tracing subscriber expects an event for each layer that Express runs.
    const match = traced.hasSubscribers ? undefined : this.match(request);
    if (match) this.run(match, request, response);
    else this.delegateToExpress(request, response);
  };

  /** The request listener of a server that serves only the URLs that `serves` accepts. */
  listenerFor(serves: (url: string) => boolean): RoutePlans['listener'] {
    return (message, reply) => {
      if (serves(message.url ?? '')) {
        this.listener(message, reply);
        return;
      }
      const [request, response] = [message as Request, reply as Response];
      prepare(request, response, () => undefined);
      this.fallback?.(request, response);
    };
  }

  /** The plan of a request; undefined if Express must handle it. */
  match({ method, url }: Pick<Request, 'method' | 'url'>): Match | undefined {
    // Layers can be added at any time.
    if (this.router.stack.length !== this.plannedLayers) this.plan();
    const end = url.indexOf('?');
    const path = end === -1 ? url : url.slice(0, end);
    const key = `${method} ${path}`;
    return this.exact.get(key) ?? this.cached.get(key) ?? this.search(method, path, key);
  }

  private search(method: string, path: string, key: string): Match | undefined {
    if (!PLAIN_PATH.test(path)) return undefined;
    const segments = path.slice(1).split('/');
    const plan = this.plans
      .get(`${method} ${segments.length}`)
      ?.find((candidate) => matches(candidate.segments, segments));
    if (!plan) return undefined;
    const match = { plan, values: plan.parameters.map(({ index }) => segments[index]!) };
    if (this.cached.size === MAX_CACHED) this.cached.clear();
    this.cached.set(key, match);
    return match;
  }

  private delegateToExpress(request: Request, response: Response): void {
    const { fallback } = this;
    const run: (request: Request, response: Response, done?: () => void) => void = this.app;
    if (fallback) run(request, response, () => fallback(request, response));
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
      invoke(handle, request, response, next);
    };
    if (this.app.enabled('x-powered-by')) response.setHeader('X-Powered-By', 'Express');
    prepare(request, response, next);
    next();
  }

  /** Lets Express continue from a layer, as if it had run all layers before it. */
  private resume(index: number, reason: unknown, request: Request, response: Response): void {
    const router = express.Router();
    // The reason 'route' only ends the route; any other is an error.
    if (reason && reason !== 'route') router.use((_request, _response, next) => next(reason));
    (router as unknown as Router).stack.push(...this.router.stack.slice(index));
    const app = Object.create(this.app, { router: { value: router } }) as Application;
    (app as unknown as { handle: (request: Request, response: Response) => void }).handle(request, response);
  }

  private plan(): void {
    const { stack, params } = this.router;
    const exact = new Map<string, Match>();
    const plans = new Map<string, Plan[]>();
    // Parameter callbacks may run for any route: Express must handle all of them.
    const methods = Object.keys(params).length > 0 ? [] : METHODS;
    for (const method of methods) {
      for (const plan of planRoutes(method, stack)) {
        const shape = `${method} ${plan.segments.length}`;
        const others = plans.get(shape) ?? [];
        const isShadowed = others.some((other) => matches(other.segments, plan.segments));
        const isExact = !isShadowed && !plan.segments.some(isParameter);
        if (isExact) exact.set(`${method} /${plan.segments.join('/')}`, { plan, values: [] });
        plans.set(shape, [...others, plan]);
      }
    }
    this.exact = exact;
    this.plans = plans;
    this.cached.clear();
    this.plannedLayers = stack.length;
  }
}

/** Sets the properties that Express sets before it looks for a route. */
function prepare(request: Request, response: Response, next: NextFunction): void {
  request.res = response;
  (response as { req: Request }).req = request;
  response.locals = Object.create(null) as Response['locals'];
  request.originalUrl = request.url;
  request.baseUrl = '';
  request.params = {};
  request.next = next;
}

/** Passes an exception or a rejection to `next`; https://expressjs.com/en/guide/error-handling.html */
function invoke(handle: Handler, request: Request, response: Response, next: NextFunction): void {
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
  // Express's own also have no prototype.
  const params = Object.create(null) as Record<string, string>;
  for (let index = 0; index < parameters.length; index += 1) params[parameters[index]!.name] = values[index]!;
  return params;
}
