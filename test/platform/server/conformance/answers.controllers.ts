import { Readable } from 'node:stream';
import {
  Controller,
  Get,
  Header,
  HttpCode,
  type MessageEvent,
  Param,
  Post,
  Query,
  Redirect,
  Req,
  Res,
  Sse,
  StreamableFile,
} from '@nestjs/common';
import type { Request, Response } from 'express';
import { from, Observable, of, throwError } from 'rxjs';
import { delay } from 'rxjs/operators';
import { PICTURE } from './picture.js';
import { factsOf } from './trace.js';

/** Everything that a handler may return, by name. */
const VALUES: Record<string, () => unknown> = {
  text: () => 'a text',
  html: () => '<p>é</p>',
  empty: () => '',
  number: () => 42,
  zero: () => 0,
  null: () => null,
  undefined: () => undefined,
  true: () => true,
  false: () => false,
  buffer: () => Buffer.from([0, 1, 254, 255]),
  bytes: () => new Uint8Array([1, 2]),
  array: () => [1, 'two', null, undefined, { three: 3 }],
  'empty-array': () => [],
  date: () => new Date(0),
  unicode: () => ({ name: 'Café ☕ \u2028', lone: '\ud800' }),
  map: () => new Map([['a', 1]]),
  'to-json': () => ({ toJSON: () => ({ own: 'words' }) }),
  'to-json-text': () => ({ toJSON: () => 'text' }),
  'to-json-nothing': () => ({ toJSON: () => undefined }),
  bigint: () => ({ big: 2n ** 63n - 1n }),
  circular: () => {
    const value: Record<string, unknown> = {};
    return Object.assign(value, { value });
  },
  large: () => ({ rows: Array.from({ length: 5_000 }, (_, index) => ({ index, name: `row ${index}` })) }),
  error: () => new Error('returned, not thrown'),
  promise: () => Promise.resolve({ late: true }),
  observable: () => of({ first: 1 }, { last: 2 }).pipe(delay(1)),
  'no-values': () => from([]),
  'failed-observable': () => throwError(() => new Error('in an observable')),
  'promise-of-observable': () => Promise.resolve(of('from both')),
  file: () => new StreamableFile(PICTURE, { type: 'image/svg+xml', disposition: 'inline; filename="cup.svg"' }),
  stream: () => new StreamableFile(Readable.from([Buffer.from('one '), Buffer.from('two')])),
  'broken-stream': () => new StreamableFile(new Readable({ read() { this.destroy(new Error('broken')); } })), // prettier-ignore
};

@Controller('answers')
export class AnswersController {
  @Get('value/:name')
  value(@Param('name') name: string): unknown {
    return VALUES[name]!();
  }

  @Post('value/:name')
  posted(@Param('name') name: string): unknown {
    return VALUES[name]!();
  }

  @Get('static-object')
  staticObject() {
    return { fixed: true };
  }

  @Get('static-text')
  staticText() {
    return 'fixed';
  }

  @Get('no-content')
  @HttpCode(204)
  noContent(): void {}

  @Get('no-content-but-a-value')
  @HttpCode(204)
  noContentButValue() {
    return { left: 'out' };
  }

  @Get('reset')
  @HttpCode(205)
  reset() {
    return { left: 'out' };
  }

  @Get('type-set-on-the-response')
  ownType(@Res({ passthrough: true }) response: Response) {
    response.setHeader('Content-Type', 'application/problem+json');
    return { problem: true };
  }

  @Get('type-before-an-error')
  @Header('Content-Type', 'text/csv')
  typeBeforeError(): never {
    throw new Error('on the way');
  }

  @Get('headers')
  @Header('X-Own', 'one')
  @Header('X-Own-Too', 'two')
  @Header('Cache-Control', 'no-store')
  headers() {
    return { headers: true };
  }

  @Get('own-json')
  @Header('Content-Type', 'application/vnd.cat+json')
  ownJson() {
    return { vendor: true };
  }

  @Get('csv')
  @Header('Content-Type', 'text/csv')
  csv() {
    return 'a,b\n1,2\n';
  }

  @Get('redirect')
  @Redirect('/cats', 301)
  redirect(): void {}

  @Get('redirect-elsewhere')
  @Redirect('/cats')
  redirectElsewhere() {
    return { url: '/cats/é?a=b', statusCode: 307 };
  }

  @Sse('events')
  events(): Observable<MessageEvent> {
    return of({ data: { cup: 1 } }, { data: 'two\nlines', type: 'cup', id: '7', retry: 10 });
  }

  @Get('passthrough')
  passthrough(@Res({ passthrough: true }) response: Response) {
    response.status(202).cookie('cup', 'full', { httpOnly: true }).set('X-Own', 'passed');
    return { passed: true };
  }
}

/** The methods of Express's response, by name. */
const RESPONSES: Record<string, (response: Response, request: Request) => unknown> = {
  json: (response) => response.status(201).json({ a: 1 }),
  'json-null': (response) => response.json(null),
  jsonp: (response) => response.jsonp({ a: 1 }),
  send: (response) => response.send('<b>sent</b>'),
  'send-buffer': (response) => response.type('png').send(Buffer.from([1, 2, 3])),
  'send-object': (response) => response.send({ sent: true }),
  'send-status': (response) => response.sendStatus(403),
  end: (response) => response.end('ended'),
  write: (response) => {
    response.write('in ');
    response.write('parts');
    response.end();
  },
  cookies: (response) => response.cookie('a', 'b c', { maxAge: 0 }).clearCookie('d').cookie('e', { f: 1 }).send('ok'),
  redirect: (response) => response.redirect('/cats?from=here'),
  'redirect-back': (response, request) => response.redirect(303, request.get('Referer') ?? '/'),
  location: (response) => response.location('/é').links({ next: '/2' }).vary('Accept').append('X-A', ['1', '2']).end(),
  attachment: (response) => response.attachment('menü.csv').send('a,b'),
  file: (response) => response.sendFile('picture.svg', { root: import.meta.dirname, lastModified: false, etag: false }),
  download: (response) =>
    response.download('picture.svg', 'cup.svg', { root: import.meta.dirname, lastModified: false, etag: false }),
  'missing-file': (response) => response.sendFile('nowhere', { root: import.meta.dirname }),
  format: (response) =>
    response.format({
      text: () => response.send('text'),
      html: () => response.send('<i>'),
      json: () => response.json({}),
    }),
  facts: (response, request) => {
    response.locals.own = 1;
    response.json(factsOf(request, 'facts'));
  },
  fresh: (response) => response.set('ETag', '"1"').send('a version'),
  'own-head': (response) => {
    response.writeHead(207, 'Many', { 'X-Own': 'head' });
    response.end('written');
  },
  render: (response) => response.render('nowhere'),
};

@Controller('responses')
export class ResponsesController {
  @Get(':name')
  respond(@Param('name') name: string, @Res() response: Response, @Req() request: Request): void {
    RESPONSES[name]!(response, request);
  }

  @Post(':name')
  async respondLater(@Param('name') name: string, @Res() response: Response, @Query('ms') ms = '1'): Promise<void> {
    await new Promise((resolve) => setTimeout(resolve, Number(ms)));
    RESPONSES[name]!(response, response.req);
  }
}
