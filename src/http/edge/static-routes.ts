import type { Application, NextFunction, Request, RequestHandler, Response } from 'express';

/** What is used here of Express's router. */
interface Layer {
  readonly route?: Route;
  match(path: string): boolean;
}

interface Route {
  readonly path: unknown;
  readonly methods: Readonly<Record<string, boolean>>;
  dispatch(request: Request, response: Response, next: NextFunction): void;
}

type Table = ReadonlyMap<string, ReadonlyMap<string, Route>>;

/** A path that matches itself and nothing else (but for upper case and a slash at its end, which the router sees to). */
const STATIC_PATH = /^[\w/.~-]+$/;

/**
 * Finds routes without parameters in a table, instead of trying one route after another: with fifty of them, that takes
 * longer, and makes more garbage, than most handlers. Everything else goes on to Express's router. To be called when all
 * routes are there.
 */
export function installStaticRoutes(app: Application): void {
  const { stack } = app.router as unknown as { stack: Layer[] };
  const first = stack.findIndex(({ route }) => route !== undefined);
  if (first === -1) return;
  app.use(dispatcher(tableOf(stack.slice(first))));
  stack.splice(first, 0, stack.pop()!);
}

function dispatcher(table: Table): RequestHandler {
  return (request, response, next) => {
    const { url } = request;
    const end = url.indexOf('?');
    const route = table.get(request.method)?.get(end === -1 ? url : url.slice(0, end));
    if (!route) {
      next();
      return;
    }
    request.params = {};
    route.dispatch(request, response, next);
  };
}

function tableOf(layers: readonly Layer[]): Table {
  const table = new Map<string, Map<string, Route>>();
  layers.forEach(({ route }, index) => {
    if (typeof route?.path !== 'string' || !STATIC_PATH.test(route.path)) return;
    for (const method of Object.keys(route.methods)) {
      if (isTaken(layers.slice(0, index), route.path, method)) continue;
      const paths = table.get(method.toUpperCase()) ?? new Map<string, Route>();
      table.set(method.toUpperCase(), paths.set(route.path, route));
    }
  });
  return table;
}

/** Whether something that comes before has a say in this path. */
function isTaken(before: readonly Layer[], path: string, method: string): boolean {
  return before.some((layer) => {
    const isConcerned = !layer.route || layer.route.methods[method] === true || layer.route.methods._all === true;
    return isConcerned && layer.match(path);
  });
}
