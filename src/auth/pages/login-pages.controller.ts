import { Body, Controller, Get, Post, UseGuards } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import { SameOriginFormGuard } from '../../platform/http/index.js';
import type { FormSubmission } from '../../platform/pages/index.js';
import { AuthService } from '../auth.service.js';
import { LogInDto, SignUpDto } from '../dto/credentials.dto.js';
import { CurrentHttpContext, type HttpContext } from '../sessions/http-context.js';
import { SessionsService } from '../sessions/sessions.service.js';
import { safeRedirectPath } from './safe-redirect.js';
import { loginPath, renderLoginPage } from './login-page.js';
import { handleForm, FormHandler, type FormFields, seeOther, PageHandler, parseForm } from './page-handlers.js';
import { renderSignupPage } from './signup-page.js';
import { PageAuthentication } from './page-authentication.js';

const DEFAULT_DESTINATION = '/account';

/** Pages to sign up, log in and log out, with forms that need no script. */
@ApiExcludeController()
@Controller()
@UseGuards(SameOriginFormGuard)
export class LoginPagesController {
  constructor(
    private readonly auth: AuthService,
    private readonly sessions: SessionsService,
    private readonly pageAuthentication: PageAuthentication,
  ) {}

  @Get('login')
  @PageHandler()
  showLogin(@CurrentHttpContext() context: HttpContext): Promise<string> {
    return this.renderLogin(context);
  }

  @Post('login')
  @FormHandler()
  async logIn(@CurrentHttpContext() context: HttpContext, @Body() fields: FormFields = {}): Promise<string> {
    // Before the login changes the session: a failed form is rendered for the viewer who sent it.
    await this.pageAuthentication.authenticate(context);
    const submission = { values: fields, fieldByCode: { 'auth.bad-credentials': 'email' } };
    const action = async (): Promise<string> => {
      await this.auth.logIn(context, await parseForm(LogInDto, fields));
      return seeOther(context.response, destinationOf(context) ?? DEFAULT_DESTINATION);
    };
    return handleForm(context.response, submission, action, (failed) => this.renderLogin(context, failed));
  }

  @Post('logout')
  @PageHandler()
  async logOut(@CurrentHttpContext() context: HttpContext): Promise<string> {
    await this.auth.logOut(context);
    return seeOther(context.response, loginPath(undefined, 'logout'));
  }

  @Get('signup')
  @PageHandler()
  showSignup(@CurrentHttpContext() context: HttpContext): Promise<string> {
    return this.renderSignup(context);
  }

  /** Signs up, then logs in. If the login fails, the member exists, and gets the login page. */
  @Post('signup')
  @FormHandler()
  async signUp(@CurrentHttpContext() context: HttpContext, @Body() fields: FormFields = {}): Promise<string> {
    // Before the login changes the session: a failed form is rendered for the viewer who sent it.
    await this.pageAuthentication.authenticate(context);
    const { response } = context;
    const submission = { values: fields, fieldByCode: { 'auth.email-taken': 'email' } };
    const action = async (): Promise<string> => {
      this.sessions.requireTls(context);
      const dto = await parseForm(SignUpDto, fields, ['name']);
      await this.auth.signUp(context, dto);
      const logIn = async (): Promise<string> => {
        await this.auth.logIn(context, dto);
        return seeOther(response, destinationOf(context) ?? `${DEFAULT_DESTINATION}?done=signup`);
      };
      return handleForm(response, { values: fields }, logIn, (failed) => this.renderLogin(context, failed));
    };
    return handleForm(response, submission, action, (failed) => this.renderSignup(context, failed));
  }

  private async renderLogin(context: HttpContext, sent?: FormSubmission): Promise<string> {
    const isMember = await this.isLoggedIn(context);
    return renderLoginPage({
      isMember,
      next: destinationOf(context),
      reason: context.request.query.reason,
      hasExpired: !isMember && this.sessions.hasSessionCookie(context),
      lacksTls: this.sessions.lacksTls(context),
      sent,
    });
  }

  private async renderSignup(context: HttpContext, sent?: FormSubmission): Promise<string> {
    const isMember = await this.isLoggedIn(context);
    return renderSignupPage({
      isMember,
      next: destinationOf(context),
      lacksTls: this.sessions.lacksTls(context),
      sent,
    });
  }

  private async isLoggedIn(context: HttpContext): Promise<boolean> {
    return (await this.pageAuthentication.authenticate(context)) !== undefined;
  }
}

/** The path to go to after the login. */
function destinationOf({ request }: HttpContext): string | undefined {
  return safeRedirectPath(request.query.next);
}
