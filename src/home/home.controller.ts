import { Controller, Get, Header } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import { DocsSettings } from '../docs/index.js';
import { ReadinessRegistry } from '../health/index.js';
import { AnyQuery } from '../http/index.js';
import { homePage } from './home-page.js';

@ApiExcludeController()
@Controller()
export class HomeController {
  constructor(
    private readonly readiness: ReadinessRegistry,
    private readonly docs: DocsSettings,
  ) {}

  @Get()
  @AnyQuery()
  @Header('Content-Type', 'text/html; charset=utf-8')
  async show(): Promise<string> {
    return homePage(await this.readiness.evaluate(), this.docs.isServed);
  }
}
