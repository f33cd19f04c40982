import { METHODS } from 'node:http';
import type { RequestMethod } from '@nestjs/common';
import type { ExpressAdapter } from '@nestjs/platform-express';
import type { Application, RequestHandler } from 'express';
import { DomainError } from './errors/domain-error.js';

interface Layer {
  route?: { methods: Record<string, boolean> };
  match(path: string): boolean;
}

export class MethodNotAllowedError extends DomainError {
  readonly kind = 'method-not-allowed';
  readonly code = 'request.method-not-allowed';
  override readonly headers: Readonly<Record<string, string>>;

  constructor(method: string, allow: string) {
    super(`${method} is not possible here; ${allow ? `allowed: ${allow}` : 'no method is'}.`);
    this.headers = { Allow: allow };
  }
}

/**
 * Makes an Express adapter respond with 405 and `Allow`, or to OPTIONS, where a path exists for another method. Must be called
 * before Nest registers middleware and routes.
 */
export function respondToWrongMethods(adapter: ExpressAdapter): void {
  const app = adapter.getInstance<Application>();
  // Nest registers middleware for a method and a path as a layer that looks like a route.
  const middleware = new WeakSet<object>();
  const createMiddlewareFactory = adapter.createMiddlewareFactory.bind(adapter);
  adapter.createMiddlewareFactory = (method: RequestMethod) => {
    const create = createMiddlewareFactory(method);
    return (path, callback) => {
      const before = layersOf(app).length;
      create(path, callback);
      for (const layer of layersOf(app).slice(before)) middleware.add(layer);
    };
  };
  const setNotFoundHandler = adapter.setNotFoundHandler.bind(adapter);
  adapter.setNotFoundHandler = (handler: RequestHandler, ...rest) => {
    const isRoute = (layer: object): boolean => !middleware.has(layer);
    return setNotFoundHandler(methodNotAllowed(app, isRoute, handler), ...rest) as unknown;
  };
}

/** @param isRoute tells routes from middleware for a method and a path */
function methodNotAllowed(
  instance: Application,
  isRoute: (layer: object) => boolean,
  notFound: RequestHandler,
): RequestHandler {
  return (request, response, next) => {
    const { method } = request;
    const allow = allowedMethods(instance, isRoute, request.originalUrl);
    if (method === 'TRACE') next(new MethodNotAllowedError(method, allow.join(', ')));
    // The handler of the route ran and called `next`.
    else if (method !== 'OPTIONS' && allow.includes(method)) notFound(request, response, next);
    else if (allow.length === 0) notFound(request, response, next);
    else if (method === 'OPTIONS') response.status(204).set('Allow', allow.join(', ')).end();
    else next(new MethodNotAllowedError(method, allow.join(', ')));
  };
}

function allowedMethods(instance: Application, isRoute: (layer: object) => boolean, url: string): string[] {
  const path = pathOf(url);
  const methods = new Set<string>();
  for (const layer of layersOf(instance)) {
    // A layer for all methods does not tell which methods are allowed.
    if (!layer.route || !isRoute(layer) || isForAll(layer.route) || !matches(layer, path)) continue;
    for (const method of Object.keys(layer.route.methods)) methods.add(method.toUpperCase());
  }
  if (methods.has('GET')) methods.add('HEAD');
  if (methods.size > 0) methods.add('OPTIONS');
  return [...methods].sort();
}

function layersOf(instance: Application): readonly Layer[] {
  return (instance.router as unknown as { stack: Layer[] }).stack;
}

/** The path of a request target in origin form or absolute form. */
function pathOf(url: string): string {
  if (url.startsWith('/') || !URL.canParse(url)) return url.replace(/\?.*$/s, '');
  return new URL(url).pathname;
}

function isForAll({ methods }: NonNullable<Layer['route']>): boolean {
  return methods._all === true || Object.keys(methods).length >= METHODS.length;
}

function matches(layer: Layer, path: string): boolean {
  try {
    return layer.match(path);
  } catch {
    return false; // A path with broken percent-encoding matches no route.
  }
}
