import type { Type } from '@nestjs/common';
import { GUARDS_METADATA, PATH_METADATA, ROUTE_ARGS_METADATA } from '@nestjs/common/internal';
import { MetadataScanner, type ModulesContainer } from '@nestjs/core';
import { RequestInputGuard } from './body/request-input.guard.js';
import { isValidated, RequestValidationPipe } from './validation/validation.pipe.js';

/** A parameter in Nest's metadata. Its key begins with its type (`RouteParamtypes`). */
interface Parameter {
  readonly index: number;
  readonly pipes?: readonly unknown[];
}

/**
 * Adds the input guard to every handler, after its other guards, and the validation pipe to every DTO parameter, before its
 * other pipes. A global pipe would run for all parameters, and Nest would await each of them. Must be called before Nest
 * registers the routes. Replaces the guard and the pipes of another application in the same process.
 */
export function prepareHandlers(modules: ModulesContainer, guard: RequestInputGuard): void {
  const scanner = new MetadataScanner();
  for (const { controllers } of modules.values()) {
    for (const { metatype } of controllers.values()) {
      const controller = metatype as Type<object>;
      for (const name of scanner.getAllMethodNames(controller.prototype as object)) {
        const handler = (controller.prototype as Record<string, object>)[name]!;
        if (!Reflect.hasMetadata(PATH_METADATA, handler)) continue;
        addGuard(guard, handler);
        addPipes(controller, name);
      }
    }
  }
}

function addGuard(guard: RequestInputGuard, handler: object): void {
  const guards = (Reflect.getMetadata(GUARDS_METADATA, handler) ?? []) as object[];
  const others = guards.filter((other) => !(other instanceof RequestInputGuard));
  Reflect.defineMetadata(GUARDS_METADATA, [...others, guard], handler);
}

function addPipes(controller: Type<object>, name: string): void {
  const parameters = (Reflect.getMetadata(ROUTE_ARGS_METADATA, controller, name) ?? {}) as Record<string, Parameter>;
  const types = (Reflect.getMetadata('design:paramtypes', controller.prototype as object, name) ?? []) as unknown[];
  const entries = Object.entries(parameters).map(([key, parameter]): [string, Parameter] => {
    const others = (parameter.pipes ?? []).filter((pipe) => !(pipe instanceof RequestValidationPipe));
    const own = isValidated(Number(key.split(':')[0]), types[parameter.index]) ? [new RequestValidationPipe()] : [];
    return [key, { ...parameter, pipes: [...own, ...others] }];
  });
  Reflect.defineMetadata(ROUTE_ARGS_METADATA, Object.fromEntries(entries), controller, name);
}
