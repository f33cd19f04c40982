import {
  All,
  Body,
  Controller,
  Delete,
  Get,
  Head,
  Headers,
  HostParam,
  HttpCode,
  Ip,
  Next,
  Options,
  Param,
  ParseArrayPipe,
  ParseIntPipe,
  Patch,
  Post,
  Propfind,
  Put,
  Query,
  Req,
  Res,
  Session,
} from '@nestjs/common';
import { IsInt, IsString, Min } from 'class-validator';
import type { NextFunction, Request, Response } from 'express';
import { factsOf, trace } from './trace.js';

export class CatDto {
  @IsString()
  name!: string;

  @IsInt()
  @Min(0)
  age!: number;
}

/** Static paths before and after a path with a parameter, and all methods. */
@Controller('cats')
export class CatsController {
  @Get()
  list(@Req() request: Request) {
    return factsOf(request, 'cats');
  }

  @Get('mine')
  mine(@Req() request: Request) {
    return factsOf(request, 'mine');
  }

  @Get(':id')
  one(@Req() request: Request) {
    return factsOf(request, 'one');
  }

  @Get('late')
  late(@Req() request: Request) {
    return factsOf(request, 'never: :id comes first');
  }

  @Get(':id/toys/:toy')
  toy(@Req() request: Request, @Param('toy') toy: string, @Param() all: object) {
    return { ...factsOf(request, 'toy'), toy, all };
  }

  @Get('by-number/:number/:flags')
  byNumber(
    @Param('number', ParseIntPipe) number: number,
    @Param('flags', new ParseArrayPipe({ items: Number })) flags: number[],
  ) {
    return { number, flags };
  }

  @Post()
  create(@Body() cat: CatDto, @Req() request: Request) {
    return { ...factsOf(request, 'create'), isDto: cat instanceof CatDto, name: cat.name };
  }

  @Post('raw')
  @HttpCode(200)
  raw(@Body() body: unknown, @Body('name') name: unknown) {
    return { body, name };
  }

  @Put(':id')
  put(@Req() request: Request, @Query('tag') tag: unknown, @Headers('x-tag') header: unknown) {
    return { ...factsOf(request, 'put'), tag, header };
  }

  @Patch('mine')
  patch(@Req() request: Request) {
    return factsOf(request, 'patch');
  }

  @Delete(':id')
  @HttpCode(204)
  remove(): void {}

  @Get('who/am/i')
  who(@Ip() ip: string, @Session() session: unknown, @Headers() headers: object, @Query() query: object) {
    return { ip, session, headers, query };
  }
}

/** Every kind of path that path-to-regexp supports. */
@Controller('paths')
export class PathsController {
  @Get('files/*path')
  wildcard(@Req() request: Request, @Param('path') path: unknown) {
    return { ...factsOf(request, 'wildcard'), path };
  }

  @Get('optional{/:part}')
  optional(@Req() request: Request) {
    return factsOf(request, 'optional');
  }

  @Get('legacy/*')
  legacy(@Req() request: Request) {
    return factsOf(request, 'legacy wildcard');
  }

  @Get('reports/:id.json')
  suffix(@Req() request: Request) {
    return factsOf(request, 'suffix');
  }

  @Get('trips/:from-:to')
  dashes(@Req() request: Request) {
    return factsOf(request, 'dashes');
  }

  @Get(['one', 'two/:x'])
  several(@Req() request: Request) {
    return factsOf(request, 'several');
  }

  @Get('cafés/menü')
  unicode(@Req() request: Request) {
    return factsOf(request, 'unicode');
  }

  @Get('a.b-c_d~e')
  signs(@Req() request: Request) {
    return factsOf(request, 'signs');
  }

  @All('everything')
  everything(@Req() request: Request) {
    return factsOf(request, 'everything');
  }

  @Get('everything')
  never(@Req() request: Request) {
    return factsOf(request, 'never: @All comes first');
  }

  @Options('with-options')
  options(@Req() request: Request) {
    return factsOf(request, 'options');
  }

  @Get('with-options')
  get(@Req() request: Request) {
    return factsOf(request, 'get beside options');
  }

  @Head('with-head')
  @HttpCode(202)
  head(@Res({ passthrough: true }) response: Response): void {
    trace(response, 'own HEAD');
  }

  @Get('with-head')
  behind(@Req() request: Request) {
    return factsOf(request, 'get beside head');
  }

  @Propfind('properties')
  properties(@Req() request: Request) {
    return factsOf(request, 'propfind');
  }
}

@Controller('shared')
export class FirstController {
  @Get('static')
  fixed(@Res() response: Response, @Next() next: NextFunction): void {
    trace(response, 'first');
    next();
  }

  @Get('alone')
  alone(@Next() next: NextFunction): void {
    next();
  }

  @Get('of/:id')
  one(@Res() response: Response, @Next() next: NextFunction): void {
    trace(response, 'first');
    next();
  }

  @Get('leave/:id')
  leave(@Next() next: NextFunction): void {
    next('router');
  }

  @Get('skip/:id')
  skip(@Next() next: NextFunction): void {
    next('route');
  }

  @Get('fail/:id')
  fail(@Next() next: NextFunction): void {
    next(new Error('passed on by a handler'));
  }
}

@Controller('shared')
export class SecondController {
  @Get('static')
  fixed(@Req() request: Request) {
    return factsOf(request, 'second');
  }

  @Get(':what/:id')
  one(@Req() request: Request) {
    return factsOf(request, 'second');
  }
}

@Controller({ path: 'hosted', host: ':tenant.tenants.example.test' })
export class HostedController {
  @Get()
  tenant(@HostParam('tenant') tenant: string) {
    return { tenant };
  }
}

@Controller({ path: 'hosted-only', host: 'only.example.test' })
export class HostedOnlyController {
  @Get()
  only() {
    return { host: 'only' };
  }
}

@Controller('hosted')
export class UnhostedController {
  @Get()
  nobody() {
    return { tenant: 'nobody' };
  }
}
