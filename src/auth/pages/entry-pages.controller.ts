import { Body, Controller, Get, Post, UseGuards } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import { SameOriginFormGuard } from '../../platform/http/index.js';
import type { FormSubmission } from '../../platform/pages/index.js';
import { AuthService } from '../auth.service.js';
import { LogInDto, SignUpDto } from '../dto/credentials.dto.js';
import { CurrentExchange, type Exchange } from '../sessions/exchange.js';
import { Sessions } from '../sessions/sessions.service.js';
import { localPath } from './local-path.js';
import { loginPage, loginPath } from './login-page.js';
import { answerForm, FormAnswer, type FormFields, goTo, PageAnswer, readForm } from './page-answers.js';
import { signupPage } from './signup-page.js';
import { PageAuthentication } from './page-authentication.js';

const HOME = '/account';

/** Signing up, logging in and out, by forms that need no script. */
@ApiExcludeController()
@Controller()
@UseGuards(SameOriginFormGuard)
export class EntryPagesController {
  constructor(
    private readonly auth: AuthService,
    private readonly sessions: Sessions,
    private readonly pageAuthentication: PageAuthentication,
  ) {}

  @Get('login')
  @PageAnswer()
  showLogin(@CurrentExchange() exchange: Exchange): Promise<string> {
    return this.loginPage(exchange);
  }

  @Post('login')
  @FormAnswer()
  async logIn(@CurrentExchange() exchange: Exchange, @Body() fields: FormFields = {}): Promise<string> {
    // Before the login changes it: a page that is shown again is for who came.
    await this.pageAuthentication.authenticate(exchange);
    const sent = { values: fields, fieldByCode: { 'auth.bad-credentials': 'email' } };
    const work = async (): Promise<string> => {
      await this.auth.logIn(exchange, await readForm(LogInDto, fields));
      return goTo(exchange.response, nextOf(exchange) ?? HOME);
    };
    return answerForm(exchange.response, sent, work, (again) => this.loginPage(exchange, again));
  }

  @Post('logout')
  @PageAnswer()
  async logOut(@CurrentExchange() exchange: Exchange): Promise<string> {
    await this.auth.logOut(exchange);
    return goTo(exchange.response, loginPath(undefined, 'logout'));
  }

  @Get('signup')
  @PageAnswer()
  showSignup(@CurrentExchange() exchange: Exchange): Promise<string> {
    return this.signupPage(exchange);
  }

  /** Who signs up is logged in at once; where that fails they are a member all the same, and can do it themselves. */
  @Post('signup')
  @FormAnswer()
  async signUp(@CurrentExchange() exchange: Exchange, @Body() fields: FormFields = {}): Promise<string> {
    // Before the login changes it: a page that is shown again is for who came.
    await this.pageAuthentication.authenticate(exchange);
    const { response } = exchange;
    const sent = { values: fields, fieldByCode: { 'auth.email-taken': 'email' } };
    const work = async (): Promise<string> => {
      this.sessions.requireTls(exchange);
      const dto = await readForm(SignUpDto, fields, ['name']);
      await this.auth.signUp(exchange, dto);
      const logIn = async (): Promise<string> => {
        await this.auth.logIn(exchange, dto);
        return goTo(response, nextOf(exchange) ?? `${HOME}?done=signup`);
      };
      return answerForm(response, { values: fields }, logIn, (again) => this.loginPage(exchange, again));
    };
    return answerForm(response, sent, work, (again) => this.signupPage(exchange, again));
  }

  private async loginPage(exchange: Exchange, sent?: FormSubmission): Promise<string> {
    const isMember = await this.isMember(exchange);
    return loginPage({
      isMember,
      next: nextOf(exchange),
      reason: exchange.request.query.reason,
      hasEnded: !isMember && this.sessions.isNamedBy(exchange),
      lacksTls: this.sessions.lacksTls(exchange),
      sent,
    });
  }

  private async signupPage(exchange: Exchange, sent?: FormSubmission): Promise<string> {
    const isMember = await this.isMember(exchange);
    return signupPage({ isMember, next: nextOf(exchange), lacksTls: this.sessions.lacksTls(exchange), sent });
  }

  private async isMember(exchange: Exchange): Promise<boolean> {
    return (await this.pageAuthentication.authenticate(exchange)) !== undefined;
  }
}

function nextOf({ request }: Exchange): string | undefined {
  return localPath(request.query.next);
}
