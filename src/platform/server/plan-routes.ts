import type { NextFunction, Request, Response } from 'express';

export type Handler = (request: Request, response: Response, next: NextFunction) => unknown;

/** The part of a layer of Express's router that is used here: https://github.com/pillarjs/router */
export interface Layer {
  readonly handle: Handler;
  readonly rawPath: unknown;
  /** Whether the layer matches every path. */
  readonly slash: boolean;
  readonly route?: Route;
}

export interface Route {
  readonly methods: Readonly<Record<string, boolean>>;
  readonly stack: readonly { readonly method?: string; readonly handle: Handler }[];
}

/** A handler of a plan, with its index in Express's stack. */
interface Step {
  readonly handle: Handler;
  readonly index: number;
}

/** A route, with all handlers that Express would run for it. */
export interface Plan {
  readonly route: Route;
  readonly steps: readonly Step[];
  /** Segments of the path. A parameter begins with a colon. */
  readonly segments: readonly string[];
  /** Names and indexes of the parameters. The names are created once: V8 interns each new string that names a property. */
  readonly parameters: readonly { readonly name: string; readonly index: number }[];
}

const PLAIN_SEGMENT = /^(?:[a-z0-9._~-]*|:\w+)$/;

/** Plans for the plain routes of a method that no earlier layer may intercept, in Express's order. */
export function planRoutes(method: string, layers: readonly Layer[]): Plan[] {
  const plans: Plan[] = [];
  const before: Step[] = [];
  const obstacles: string[][] = [];
  layers.forEach((layer, index) => {
    const { route, handle } = layer;
    // An error handler has four parameters and does not run.
    if (layer.slash && !route) before.push(...(handle.length > 3 ? [] : [{ handle, index }]));
    else if (!route || isFor(method, route)) {
      const segments = segmentsOf(layer.rawPath);
      const own =
        route && segments.every((segment) => PLAIN_SEGMENT.test(segment)) ? handlerOf(route, method) : undefined;
      if (route && own && !obstacles.some((obstacle) => mayOverlap(obstacle, segments))) {
        const parameters = parametersIn(segments);
        plans.push({ route, steps: [...before, { handle: own, index }], segments, parameters });
      } else obstacles.push(segments.map((segment) => segment.toLowerCase()));
    }
  });
  return plans;
}

function parametersIn(segments: readonly string[]): Plan['parameters'] {
  return segments.flatMap((segment, index) => (isParameter(segment) ? [{ name: segment.slice(1), index }] : []));
}

export function isParameter(segment: string): boolean {
  return segment.startsWith(':');
}

/** Whether a path with these segments matches the pattern. */
export function matches(pattern: readonly string[], segments: readonly string[]): boolean {
  return pattern.every((part, index) => part === segments[index] || isParameter(part));
}

function isFor(method: string, { methods }: Route): boolean {
  return methods[method.toLowerCase()] === true || methods._all === true;
}

function segmentsOf(path: unknown): string[] {
  // A regular expression may match any path, as a pattern of no known segment does. A trailing slash has no effect.
  return typeof path === 'string' ? path.slice(1).replace(/\/$/, '').split('/') : ['*'];
}

/** The only handler of a route; undefined for several handlers, an error handler, or a handler for all methods. */
function handlerOf({ stack }: Route, method: string): Handler | undefined {
  const [only] = stack;
  return stack.length === 1 && only?.method === method.toLowerCase() && only.handle.length <= 3
    ? only.handle
    : undefined;
}

/** Whether a path that matches the pattern may also match the obstacle, or a prefix of it. */
function mayOverlap(obstacle: readonly string[], pattern: readonly string[]): boolean {
  const plain = obstacle.findIndex((segment) => !PLAIN_SEGMENT.test(segment));
  const leading = plain === -1 ? obstacle : obstacle.slice(0, plain);
  return leading.every((segment, index) => {
    const other = pattern[index];
    return other !== undefined && (segment === other || isParameter(segment) || isParameter(other));
  });
}
