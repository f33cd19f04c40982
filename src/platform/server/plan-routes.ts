import type { NextFunction, Request, Response } from 'express';

export type Handler = (request: Request, response: Response, next: NextFunction) => unknown;

/** What is used here of Express's router: https://github.com/pillarjs/router */
export interface Layer {
  readonly handle: Handler;
  readonly rawPath: unknown;
  /** Whether it is middleware for every path. */
  readonly slash: boolean;
  readonly route?: Route;
}

export interface Route {
  readonly methods: Readonly<Record<string, boolean>>;
  readonly stack: readonly { readonly method?: string; readonly handle: Handler }[];
}

/** One handler of a plan, and where it stands in Express's stack. */
interface Step {
  readonly handle: Handler;
  readonly index: number;
}

/** A route, and everything that Express would run before it. */
export interface Plan {
  readonly route: Route;
  readonly steps: readonly Step[];
  /** What the path is made of; a parameter begins with a colon. */
  readonly segments: readonly string[];
  /** Which of them are parameters, and their names: made once, since V8 looks each new text up that is to name a property. */
  readonly parameters: readonly { readonly name: string; readonly index: number }[];
}

const PLAIN_SEGMENT = /^(?:[a-z0-9._~-]*|:\w+)$/;

/** The routes of a method that are plain, and that nothing before them can have a say in; in Express's order. */
export function planRoutes(method: string, layers: readonly Layer[]): Plan[] {
  const plans: Plan[] = [];
  const before: Step[] = [];
  const obstacles: string[][] = [];
  layers.forEach((layer, index) => {
    const { route, handle } = layer;
    // A handler of errors has four parameters, and is passed by.
    if (layer.slash && !route) before.push(...(handle.length > 3 ? [] : [{ handle, index }]));
    else if (!route || isFor(method, route)) {
      const segments = segmentsOf(layer.rawPath);
      const own =
        route && segments.every((segment) => PLAIN_SEGMENT.test(segment)) ? handlerOf(route, method) : undefined;
      if (route && own && !obstacles.some((obstacle) => mayMeet(obstacle, segments))) {
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

/** Whether a path made of these segments is one of the pattern's. */
export function fits(pattern: readonly string[], segments: readonly string[]): boolean {
  return pattern.every((part, index) => part === segments[index] || isParameter(part));
}

function isFor(method: string, { methods }: Route): boolean {
  return methods[method.toLowerCase()] === true || methods._all === true;
}

function segmentsOf(path: unknown): string[] {
  // What is no text may match anything, as a pattern of no known segment does. A slash at the end says nothing.
  return typeof path === 'string' ? path.slice(1).replace(/\/$/, '').split('/') : ['*'];
}

/** The one handler of a route; undefined where there are several, one for errors, or one for all methods. */
function handlerOf({ stack }: Route, method: string): Handler | undefined {
  const [only] = stack;
  return stack.length === 1 && only?.method === method.toLowerCase() && only.handle.length <= 3
    ? only.handle
    : undefined;
}

/** Whether a path of the pattern may also be one that the obstacle matches, or begins with: unless a segment tells. */
function mayMeet(obstacle: readonly string[], pattern: readonly string[]): boolean {
  const plain = obstacle.findIndex((segment) => !PLAIN_SEGMENT.test(segment));
  const leading = plain === -1 ? obstacle : obstacle.slice(0, plain);
  return leading.every((segment, index) => {
    const other = pattern[index];
    return other !== undefined && (segment === other || isParameter(segment) || isParameter(other));
  });
}
