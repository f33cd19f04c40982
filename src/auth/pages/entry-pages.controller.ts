import { Body, Controller, Get, Post, UseGuards } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import { SameOriginFormGuard } from '../../platform/http/index.js';
import type { FormSubmission } from '../../platform/pages/index.js';
import { AuthService } from '../auth.service.js';
import { LogInDto, SignUpDto } from '../dto/credentials.dto.js';
import { CurrentHttpContext, type HttpContext } from '../sessions/http-context.js';
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
  showLogin(@CurrentHttpContext() context: HttpContext): Promise<string> {
    return this.loginPage(context);
  }

  @Post('login')
  @FormAnswer()
  async logIn(@CurrentHttpContext() context: HttpContext, @Body() fields: FormFields = {}): Promise<string> {
    // Before the login changes it: a page that is shown again is for who came.
    await this.pageAuthentication.authenticate(context);
    const sent = { values: fields, fieldByCode: { 'auth.bad-credentials': 'email' } };
    const work = async (): Promise<string> => {
      await this.auth.logIn(context, await readForm(LogInDto, fields));
      return goTo(context.response, nextOf(context) ?? HOME);
    };
    return answerForm(context.response, sent, work, (again) => this.loginPage(context, again));
  }

  @Post('logout')
  @PageAnswer()
  async logOut(@CurrentHttpContext() context: HttpContext): Promise<string> {
    await this.auth.logOut(context);
    return goTo(context.response, loginPath(undefined, 'logout'));
  }

  @Get('signup')
  @PageAnswer()
  showSignup(@CurrentHttpContext() context: HttpContext): Promise<string> {
    return this.signupPage(context);
  }

  /** Who signs up is logged in at once; where that fails they are a member all the same, and can do it themselves. */
  @Post('signup')
  @FormAnswer()
  async signUp(@CurrentHttpContext() context: HttpContext, @Body() fields: FormFields = {}): Promise<string> {
    // Before the login changes it: a page that is shown again is for who came.
    await this.pageAuthentication.authenticate(context);
    const { response } = context;
    const sent = { values: fields, fieldByCode: { 'auth.email-taken': 'email' } };
    const work = async (): Promise<string> => {
      this.sessions.requireTls(context);
      const dto = await readForm(SignUpDto, fields, ['name']);
      await this.auth.signUp(context, dto);
      const logIn = async (): Promise<string> => {
        await this.auth.logIn(context, dto);
        return goTo(response, nextOf(context) ?? `${HOME}?done=signup`);
      };
      return answerForm(response, { values: fields }, logIn, (again) => this.loginPage(context, again));
    };
    return answerForm(response, sent, work, (again) => this.signupPage(context, again));
  }

  private async loginPage(context: HttpContext, sent?: FormSubmission): Promise<string> {
    const isMember = await this.isMember(context);
    return loginPage({
      isMember,
      next: nextOf(context),
      reason: context.request.query.reason,
      hasEnded: !isMember && this.sessions.isNamedBy(context),
      lacksTls: this.sessions.lacksTls(context),
      sent,
    });
  }

  private async signupPage(context: HttpContext, sent?: FormSubmission): Promise<string> {
    const isMember = await this.isMember(context);
    return signupPage({ isMember, next: nextOf(context), lacksTls: this.sessions.lacksTls(context), sent });
  }

  private async isMember(context: HttpContext): Promise<boolean> {
    return (await this.pageAuthentication.authenticate(context)) !== undefined;
  }
}

function nextOf({ request }: HttpContext): string | undefined {
  return localPath(request.query.next);
}
