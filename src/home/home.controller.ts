import { Controller, Get, Header, Req, Res } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { Request, Response } from 'express';
import { PageAuthentication } from '../auth/index.js';
import { DocsSettings } from '../platform/docs/index.js';
import { ReadinessRegistry } from '../platform/health/index.js';
import { AnyQuery } from '../platform/http/index.js';
import { renderHomePage } from './home-page.js';

/** Host names and addresses that are safe to paste into a shell. */
const SHELL_SAFE_HOST = /^[\w.-]+(:\d+)?$|^\[[\da-f:]+\](:\d+)?$/i;

@ApiExcludeController()
@Controller()
export class HomeController {
  constructor(
    private readonly readiness: ReadinessRegistry,
    private readonly docs: DocsSettings,
    private readonly pageAuthentication: PageAuthentication,
  ) {}

  @Get()
  @AnyQuery()
  @Header('Content-Type', 'text/html; charset=utf-8')
  async show(@Req() request: Request, @Res({ passthrough: true }) response: Response): Promise<string> {
    const readiness = await this.readiness.evaluate();
    const isMember = await this.pageAuthentication.isLoggedIn({ request, response });
    return renderHomePage({ readiness, hasDocs: this.docs.isServed, isMember, address: addressOf(request) });
  }
}

/** The server's address as the viewer reached it, for curl: without a scheme curl uses HTTP. */
function addressOf({ protocol, host }: Request): string {
  const address = host !== undefined && SHELL_SAFE_HOST.test(host) ? host : 'localhost:3000';
  return protocol === 'http' ? address : `${protocol}://${address}`;
}
