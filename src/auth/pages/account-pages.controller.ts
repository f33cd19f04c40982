import { Body, Controller, Get, Param, Post, UseFilters, UseGuards } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import { SameOriginFormGuard } from '../../platform/http/index.js';
import type { FormSubmission } from '../../platform/pages/index.js';
import { ApiKeysService } from '../api-keys/api-keys.service.js';
import { AuthService } from '../auth.service.js';
import { ChangePasswordDto, WithdrawDto } from '../dto/credentials.dto.js';
import { IdParameter } from '../dto/id.parameter.js';
import { Authenticated, CurrentMember } from '../identity/auth.decorators.js';
import type { AuthenticatedMember } from '../identity/authenticated-member.js';
import { CurrentHttpContext, type HttpContext } from '../sessions/http-context.js';
import { SessionsService } from '../sessions/sessions.service.js';
import type { FormName } from './account-forms.js';
import { type AccountPage, renderAccountPage, type Done } from './account-page.js';
import { AccountSections } from './account-sections.js';
import { ApiKeyFormDto, toCreateApiKeyDto } from './api-key-form.js';
import { AuthPagesFilter } from './auth-pages.filter.js';
import { loginPath } from './login-page.js';
import { handleForm, FormHandler, type FormFields, seeOther, PageHandler, parseForm } from './page-handlers.js';
import { PageAuthentication } from './page-authentication.js';

/** The account page of a member, and its forms. */
@ApiExcludeController()
@Controller('account')
@UseGuards(SameOriginFormGuard)
@UseFilters(AuthPagesFilter)
export class AccountPagesController {
  constructor(
    private readonly auth: AuthService,
    private readonly sessions: SessionsService,
    private readonly apiKeys: ApiKeysService,
    private readonly sections: AccountSections,
    private readonly pageAuthentication: PageAuthentication,
  ) {}

  @Get()
  @PageHandler()
  @Authenticated({ session: true })
  show(@CurrentHttpContext() context: HttpContext, @CurrentMember() member: AuthenticatedMember): Promise<string> {
    const { query, session } = context.request;
    return this.render(context, member, { currentId: session.publicId, done: query.done });
  }

  @Post('password')
  @FormHandler()
  @Authenticated({ session: true })
  changePassword(
    @CurrentHttpContext() context: HttpContext,
    @CurrentMember() member: AuthenticatedMember,
    @Body() fields: FormFields = {},
  ): Promise<string> {
    return this.handle(context, member, { form: 'password', fields, passwordField: 'currentPassword' }, async () => {
      await this.auth.changePassword(context, member.id, await parseForm(ChangePasswordDto, fields));
      return redirectDone(context, 'password');
    });
  }

  @Post('sessions/:id/end')
  @PageHandler()
  @Authenticated({ session: true })
  endSession(
    @CurrentHttpContext() context: HttpContext,
    @CurrentMember() member: AuthenticatedMember,
    @Param() { id }: IdParameter,
  ): Promise<string> {
    const isCurrent = id === context.request.session.publicId;
    return this.handle(context, member, {}, async () => {
      await this.sessions.endById(context, member.id, id);
      return isCurrent ? seeOther(context.response, loginPath(undefined, 'logout')) : redirectDone(context, 'session');
    });
  }

  @Post('api-keys')
  @FormHandler()
  // As for POST /auth/api-keys.
  @Authenticated({ session: true, fresh: 'admin' })
  createApiKey(
    @CurrentHttpContext() context: HttpContext,
    @CurrentMember() member: AuthenticatedMember,
    @Body() fields: FormFields = {},
  ): Promise<string> {
    return this.handle(context, member, { form: 'api-key', fields }, async () => {
      const dto = toCreateApiKeyDto(await parseForm(ApiKeyFormDto, fields));
      const { key } = await this.apiKeys.create(context, member.id, dto);
      // No redirect: the key would have to be stored until the next request.
      context.response.status(201);
      return this.render(context, member, { currentId: context.request.session.publicId, newKey: key });
    });
  }

  @Post('api-keys/:id/end')
  @PageHandler()
  @Authenticated({ session: true })
  endApiKey(
    @CurrentHttpContext() context: HttpContext,
    @CurrentMember() member: AuthenticatedMember,
    @Param() { id }: IdParameter,
  ): Promise<string> {
    return this.handle(context, member, {}, async () => {
      await this.apiKeys.revoke(context, member.id, id);
      return redirectDone(context, 'api-key');
    });
  }

  @Post('withdrawal')
  @FormHandler()
  @Authenticated({ session: true })
  withdraw(
    @CurrentHttpContext() context: HttpContext,
    @CurrentMember() member: AuthenticatedMember,
    @Body() fields: FormFields = {},
  ): Promise<string> {
    return this.handle(context, member, { form: 'withdrawal', fields, passwordField: 'password' }, async () => {
      const { password } = await parseForm(WithdrawDto, fields);
      await this.auth.withdraw(context, member.id, password);
      return seeOther(context.response, loginPath(undefined, 'withdrawn'));
    });
  }

  private handle(
    context: HttpContext,
    member: AuthenticatedMember,
    { form, fields = {}, passwordField = '' }: { form?: FormName; fields?: FormFields; passwordField?: string },
    action: () => Promise<string>,
  ): Promise<string> {
    // Read first: a failed action may have detached the session.
    const currentId = context.request.session.publicId;
    const submission = { values: fields, fieldByCode: { 'auth.wrong-password': passwordField } };
    const renderAgain = (failed: FormSubmission): Promise<string> =>
      this.render(context, member, { currentId, failed: { form, sent: failed } });
    return handleForm(context.response, submission, action, renderAgain);
  }

  private async render(
    context: HttpContext,
    { id }: AuthenticatedMember,
    state: Pick<AccountPage, 'currentId' | 'done' | 'newKey' | 'failed'>,
  ): Promise<string> {
    await this.pageAuthentication.authenticate(context);
    const [member, sessions, apiKeys, sections] = await Promise.all([
      this.auth.findMember(id),
      this.sessions.findByMember(id),
      this.apiKeys.findByMember(id),
      this.sections.render(id),
    ]);
    return renderAccountPage({ member, sessions, apiKeys, sections, ...state });
  }
}

function redirectDone({ response }: HttpContext, done: Done): string {
  return seeOther(response, `/account?done=${done}`);
}
