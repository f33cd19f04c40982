import {
  type ArgumentsHost,
  BadGatewayException,
  type CallHandler,
  type CanActivate,
  Catch,
  Controller,
  createParamDecorator,
  type ExceptionFilter,
  type ExecutionContext,
  Get,
  HttpException,
  Inject,
  Injectable,
  type NestInterceptor,
  Param,
  ParseBoolPipe,
  ParseEnumPipe,
  ParseFloatPipe,
  ParseIntPipe,
  ParseUUIDPipe,
  type PipeTransform,
  Query,
  Req,
  Scope,
  UseFilters,
  UseGuards,
  UseInterceptors,
} from '@nestjs/common';
import { REQUEST } from '@nestjs/core';
import type { Request, Response } from 'express';
import { map, NEVER, type Observable, of, timeout } from 'rxjs';
import { DomainError } from '../../../../src/platform/http/index.js';
import { type Marked, trace } from './trace.js';

/** Each guard, interceptor and filter has the name of its position. */
abstract class Guard implements CanActivate {
  abstract readonly name: string;

  canActivate(context: ExecutionContext): boolean {
    const http = context.switchToHttp();
    trace(http.getResponse<Response>(), `${this.name} of ${context.getClass().name}.${context.getHandler().name}`);
    return http.getRequest<Request>().get('X-Refused-By') !== this.name;
  }
}

@Injectable()
export class GlobalGuard extends Guard {
  readonly name = 'global guard';
}

@Injectable()
class ControllerGuard extends Guard {
  readonly name = 'controller guard';
}

@Injectable()
class MethodGuard extends Guard {
  readonly name = 'method guard';
}

@Injectable()
export class GlobalInterceptor implements NestInterceptor {
  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    trace(context.switchToHttp().getResponse<Response>(), 'global interceptor');
    return next.handle();
  }
}

@Injectable()
class WrappingInterceptor implements NestInterceptor {
  intercept(_: ExecutionContext, next: CallHandler): Observable<unknown> {
    return next.handle().pipe(map((data: unknown) => ({ data })));
  }
}

@Injectable()
class CachingInterceptor implements NestInterceptor {
  intercept(): Observable<unknown> {
    return of({ from: 'the cache' });
  }
}

@Injectable()
class TimeoutInterceptor implements NestInterceptor {
  intercept(_: ExecutionContext, next: CallHandler): Observable<unknown> {
    return next.handle().pipe(timeout(5));
  }
}

class TeapotError extends Error {}

/** Formats errors of `platform/http` as the filter of the application does. */
@Catch(DomainError)
export class DomainErrorFilter implements ExceptionFilter {
  catch(error: DomainError, host: ArgumentsHost): void {
    const response = host.switchToHttp().getResponse<Response>();
    response.status(405).set({ ...error.headers });
    response.json({ code: error.code });
  }
}

@Catch(TeapotError)
export class GlobalFilter implements ExceptionFilter {
  catch(error: TeapotError, host: ArgumentsHost): void {
    host.switchToHttp().getResponse<Response>().status(418).json({ teapot: error.message });
  }
}

@Catch(BadGatewayException)
class ControllerFilter implements ExceptionFilter {
  catch(error: BadGatewayException, host: ArgumentsHost): void {
    const response = host.switchToHttp().getResponse<Response>();
    response.status(error.getStatus()).type('text').send('controller filter');
  }
}

@Catch()
class MethodFilter implements ExceptionFilter {
  catch(error: Error, host: ArgumentsHost): void {
    host.switchToHttp().getResponse<Response>().status(599).json({ method: error.message });
  }
}

@Injectable({ scope: Scope.REQUEST })
export class RequestScoped {
  constructor(@Inject(REQUEST) private readonly request: Request) {}

  get url(): string {
    return this.request.url;
  }
}

class ShoutingPipe implements PipeTransform<string | undefined, string | undefined> {
  transform(value?: string): string | undefined {
    return value?.toUpperCase();
  }
}

const Mark = createParamDecorator((prefix: string, context: ExecutionContext) => {
  return `${prefix} ${context.switchToHttp().getRequest<Marked>().marked}`;
});

@Controller('pipeline')
@UseGuards(ControllerGuard)
@UseFilters(ControllerFilter)
export class PipelineController {
  constructor(@Inject(RequestScoped) private readonly scoped: RequestScoped) {}

  @Get('guarded')
  @UseGuards(MethodGuard)
  guarded() {
    return { guarded: true };
  }

  @Get('scoped/:id')
  scopedUrl() {
    return { url: this.scoped.url };
  }

  @Get('wrapped')
  @UseInterceptors(WrappingInterceptor)
  wrapped(@Mark('marked') mark: string) {
    return { mark };
  }

  @Get('cached')
  @UseInterceptors(WrappingInterceptor, CachingInterceptor)
  cached() {
    return { never: true };
  }

  @Get('slow')
  @UseInterceptors(TimeoutInterceptor)
  @UseFilters(MethodFilter)
  slow() {
    return NEVER;
  }

  @Get('pipes/:int/:float/:bool/:uuid')
  pipes(
    @Param('int', ParseIntPipe) int: number,
    @Param('float', ParseFloatPipe) float: number,
    @Param('bool', ParseBoolPipe) bool: boolean,
    @Param('uuid', ParseUUIDPipe) uuid: string,
    @Query('size', new ParseEnumPipe(['small', 'large'], { optional: true })) size?: string,
    @Query('shout', ShoutingPipe) shout?: string,
  ) {
    return { int, float, bool, uuid, size, shout };
  }

  @Get('fails/:how')
  fails(@Param('how') how: string, @Req() request: Request): never {
    if (how === 'teapot') throw new TeapotError('short and stout');
    if (how === 'gateway') throw new BadGatewayException();
    if (how === 'http') throw new HttpException({ own: 'words', url: request.url }, 422);
    if (how === 'text') throw new HttpException('a text', 409);
    throw new Error('unexpected');
  }

  @Get('fails-by-method')
  @UseFilters(MethodFilter)
  failsByMethod(): never {
    throw new BadGatewayException('by method');
  }
}
