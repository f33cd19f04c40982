import type { ExecutionContext } from '@nestjs/common';
import { ROUTE_ARGS_METADATA, RouteParamtypes } from '@nestjs/common/internal';

export interface HandlerArguments {
  readonly body: boolean;
  readonly query: boolean;
}

const known = new WeakMap<object, HandlerArguments>();

/** Whether the parameters of a handler declare the body and the query. */
export function handlerArguments(context: ExecutionContext): HandlerArguments {
  const handler = context.getHandler();
  const found = known.get(handler);
  if (found) return found;
  const metadata = (Reflect.getMetadata(ROUTE_ARGS_METADATA, context.getClass(), handler.name) ?? {}) as object;
  const types = new Set(Object.keys(metadata).map((key) => Number(key.split(':')[0])));
  const declared = { body: types.has(RouteParamtypes.BODY), query: types.has(RouteParamtypes.QUERY) };
  known.set(handler, declared);
  return declared;
}
