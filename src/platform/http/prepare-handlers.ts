import type { Type } from '@nestjs/common';
import { GUARDS_METADATA, PATH_METADATA, ROUTE_ARGS_METADATA } from '@nestjs/common/internal';
import { MetadataScanner, type ModulesContainer } from '@nestjs/core';
import { RequestInputGuard } from './body/request-input.guard.js';
import { isValidated, RequestValidationPipe } from './validation/validation.pipe.js';

/** A parameter as Nest's decorators describe it; the key begins with what it is taken from. */
interface Parameter {
  readonly index: number;
  readonly pipes?: readonly unknown[];
}

/**
 * Gives every handler the input guard, behind its other guards, and every parameter that is a DTO the validation pipe,
 * before its other pipes. As a global pipe it would see the other parameters too, and each would be waited for. To be
 * called before Nest makes its routes. What a former application has put there is replaced.
 */
export function prepareHandlers(modules: ModulesContainer, guard: RequestInputGuard): void {
  const scanner = new MetadataScanner();
  for (const { controllers } of modules.values()) {
    for (const { metatype } of controllers.values()) {
      const controller = metatype as Type<object>;
      for (const name of scanner.getAllMethodNames(controller.prototype as object)) {
        const handler = (controller.prototype as Record<string, object>)[name]!;
        if (!Reflect.hasMetadata(PATH_METADATA, handler)) continue;
        putGuard(guard, handler);
        putPipes(controller, name);
      }
    }
  }
}

function putGuard(guard: RequestInputGuard, handler: object): void {
  const guards = (Reflect.getMetadata(GUARDS_METADATA, handler) ?? []) as object[];
  const others = guards.filter((other) => !(other instanceof RequestInputGuard));
  Reflect.defineMetadata(GUARDS_METADATA, [...others, guard], handler);
}

function putPipes(controller: Type<object>, name: string): void {
  const parameters = (Reflect.getMetadata(ROUTE_ARGS_METADATA, controller, name) ?? {}) as Record<string, Parameter>;
  const types = (Reflect.getMetadata('design:paramtypes', controller.prototype as object, name) ?? []) as unknown[];
  const entries = Object.entries(parameters).map(([key, parameter]): [string, Parameter] => {
    const others = (parameter.pipes ?? []).filter((pipe) => !(pipe instanceof RequestValidationPipe));
    const own = isValidated(Number(key.split(':')[0]), types[parameter.index]) ? [new RequestValidationPipe()] : [];
    return [key, { ...parameter, pipes: [...own, ...others] }];
  });
  Reflect.defineMetadata(ROUTE_ARGS_METADATA, Object.fromEntries(entries), controller, name);
}
