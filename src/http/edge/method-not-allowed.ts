import type { Application, NextFunction, Request, Response } from 'express';
import { DomainError } from '../errors/domain-error.js';

interface Layer {
  route?: { methods: Record<string, boolean> };
  match(path: string): boolean;
}

class MethodNotAllowedError extends DomainError {
  readonly kind = 'method-not-allowed';
  readonly code = 'request.method-not-allowed';
  override readonly headers: Readonly<Record<string, string>>;

  constructor(method: string, allow: string) {
    super(`${method} is not possible here; ${allow ? `allowed: ${allow}` : 'no method is'}.`);
    this.headers = { Allow: allow };
  }
}

/** Runs where no route matched: another method at the same path makes it 405 with `Allow`, or answers OPTIONS. */
export function methodNotAllowed(instance: Application) {
  return (request: Request, response: Response, next: NextFunction): void => {
    const allow = allowedMethods(instance, request.path);
    if (request.method === 'TRACE') next(new MethodNotAllowedError('TRACE', allow.join(', ')));
    else if (allow.length === 0) next();
    else if (request.method === 'OPTIONS') response.status(204).set('Allow', allow.join(', ')).end();
    else next(new MethodNotAllowedError(request.method, allow.join(', ')));
  };
}

function allowedMethods(instance: Application, path: string): string[] {
  const layers = (instance.router as unknown as { stack: Layer[] }).stack;
  const methods = new Set<string>();
  for (const layer of layers) {
    if (!layer.route || !matches(layer, path)) continue;
    for (const method of Object.keys(layer.route.methods)) methods.add(method.toUpperCase());
  }
  if (methods.has('GET')) methods.add('HEAD');
  if (methods.size > 0) methods.add('OPTIONS');
  return [...methods].sort();
}

function matches(layer: Layer, path: string): boolean {
  try {
    return layer.match(path);
  } catch {
    return false; // a path with broken percent-encoding matches nothing
  }
}
