import { Controller, Delete, Get, Head, HttpCode, Options, Post, Req, Res } from '@nestjs/common';
import type { Request, Response } from 'express';
import { factsOf, trace } from './trace.js';

/** Paths without parameters and without middleware, which an adapter may look up before Express. */
@Controller('still')
export class StaticController {
  @Get('water')
  get(@Req() request: Request) {
    return factsOf(request, 'get');
  }

  @Post('water')
  post(@Req() request: Request) {
    return factsOf(request, 'post');
  }

  @Delete('water')
  @HttpCode(202)
  delete(@Req() request: Request) {
    return factsOf(request, 'delete');
  }

  @Options('water')
  options(@Req() request: Request) {
    return factsOf(request, 'options');
  }

  @Head('headed')
  @HttpCode(204)
  head(@Res({ passthrough: true }) response: Response): void {
    trace(response, 'own HEAD');
  }

  @Get('headed')
  headed(@Req() request: Request) {
    return factsOf(request, 'headed');
  }

  @Get('before')
  before(@Req() request: Request) {
    return factsOf(request, 'before');
  }

  @Get(':id')
  any(@Req() request: Request) {
    return factsOf(request, 'any');
  }

  @Get('after')
  after(@Req() request: Request) {
    return factsOf(request, 'never: :id comes first');
  }

  @Post('after')
  postAfter(@Req() request: Request) {
    return factsOf(request, 'post: :id is for GET');
  }
}
