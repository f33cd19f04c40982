import { Body, Controller, Get, Param, Post, UseFilters, UseGuards } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import { SameOriginFormGuard } from '../../platform/http/index.js';
import type { FormSubmission } from '../../platform/pages/index.js';
import { ApiKeys } from '../api-keys/api-keys.service.js';
import { AuthService } from '../auth.service.js';
import { ChangePasswordDto, WithdrawDto } from '../dto/credentials.dto.js';
import { IdParameter } from '../dto/id.parameter.js';
import { Authenticated, CurrentMember } from '../identity/auth.decorators.js';
import type { AuthenticatedMember } from '../identity/authenticated-member.js';
import { CurrentHttpContext, type HttpContext } from '../sessions/http-context.js';
import { Sessions } from '../sessions/sessions.service.js';
import type { FormName } from './account-forms.js';
import { type AccountPage, accountPage, type Done } from './account-page.js';
import { AccountSections } from './account-sections.js';
import { ApiKeyFormDto, toCreateApiKeyDto } from './api-key-form.js';
import { AuthPagesFilter } from './auth-pages.filter.js';
import { loginPath } from './login-page.js';
import { answerForm, FormAnswer, type FormFields, goTo, PageAnswer, readForm } from './page-answers.js';
import { PageAuthentication } from './page-authentication.js';

/** What a member sees and does of their own account. */
@ApiExcludeController()
@Controller('account')
@UseGuards(SameOriginFormGuard)
@UseFilters(AuthPagesFilter)
export class AccountPagesController {
  constructor(
    private readonly auth: AuthService,
    private readonly sessions: Sessions,
    private readonly apiKeys: ApiKeys,
    private readonly sections: AccountSections,
    private readonly pageAuthentication: PageAuthentication,
  ) {}

  @Get()
  @PageAnswer()
  @Authenticated({ session: true })
  show(@CurrentHttpContext() context: HttpContext, @CurrentMember() member: AuthenticatedMember): Promise<string> {
    const { query, session } = context.request;
    return this.page(context, member, { currentId: session.publicId, done: query.done });
  }

  @Post('password')
  @FormAnswer()
  @Authenticated({ session: true })
  changePassword(
    @CurrentHttpContext() context: HttpContext,
    @CurrentMember() member: AuthenticatedMember,
    @Body() fields: FormFields = {},
  ): Promise<string> {
    return this.answer(context, member, { form: 'password', fields, wrongAt: 'currentPassword' }, async () => {
      await this.auth.changePassword(context, member.id, await readForm(ChangePasswordDto, fields));
      return done(context, 'password');
    });
  }

  @Post('sessions/:id/end')
  @PageAnswer()
  @Authenticated({ session: true })
  endSession(
    @CurrentHttpContext() context: HttpContext,
    @CurrentMember() member: AuthenticatedMember,
    @Param() { id }: IdParameter,
  ): Promise<string> {
    const isCurrent = id === context.request.session.publicId;
    return this.answer(context, member, {}, async () => {
      await this.sessions.endOfMember(context, member.id, id);
      return isCurrent ? goTo(context.response, loginPath(undefined, 'logout')) : done(context, 'session');
    });
  }

  @Post('api-keys')
  @FormAnswer()
  // As where keys are made by the API.
  @Authenticated({ session: true, fresh: 'admin' })
  createApiKey(
    @CurrentHttpContext() context: HttpContext,
    @CurrentMember() member: AuthenticatedMember,
    @Body() fields: FormFields = {},
  ): Promise<string> {
    return this.answer(context, member, { form: 'api-key', fields }, async () => {
      const dto = toCreateApiKeyDto(await readForm(ApiKeyFormDto, fields));
      const { key } = await this.apiKeys.create(context, member.id, dto);
      // Not sent on with 303: the key would have to be kept somewhere until then.
      context.response.status(201);
      return this.page(context, member, { currentId: context.request.session.publicId, newKey: key });
    });
  }

  @Post('api-keys/:id/end')
  @PageAnswer()
  @Authenticated({ session: true })
  endApiKey(
    @CurrentHttpContext() context: HttpContext,
    @CurrentMember() member: AuthenticatedMember,
    @Param() { id }: IdParameter,
  ): Promise<string> {
    return this.answer(context, member, {}, async () => {
      await this.apiKeys.end(context, member.id, id);
      return done(context, 'api-key');
    });
  }

  @Post('withdrawal')
  @FormAnswer()
  @Authenticated({ session: true })
  withdraw(
    @CurrentHttpContext() context: HttpContext,
    @CurrentMember() member: AuthenticatedMember,
    @Body() fields: FormFields = {},
  ): Promise<string> {
    return this.answer(context, member, { form: 'withdrawal', fields, wrongAt: 'password' }, async () => {
      const { password } = await readForm(WithdrawDto, fields);
      await this.auth.withdraw(context, member.id, password);
      return goTo(context.response, loginPath(undefined, 'withdrawn'));
    });
  }

  private answer(
    context: HttpContext,
    member: AuthenticatedMember,
    { form, fields = {}, wrongAt = '' }: { form?: FormName; fields?: FormFields; wrongAt?: string },
    work: () => Promise<string>,
  ): Promise<string> {
    // What fails may have let go of the session.
    const currentId = context.request.session.publicId;
    const sent = { values: fields, fieldByCode: { 'auth.wrong-password': wrongAt } };
    const again = (failed: FormSubmission): Promise<string> =>
      this.page(context, member, { currentId, failed: { form, sent: failed } });
    return answerForm(context.response, sent, work, again);
  }

  private async page(
    context: HttpContext,
    { id }: AuthenticatedMember,
    more: Pick<AccountPage, 'currentId' | 'done' | 'newKey' | 'failed'>,
  ): Promise<string> {
    await this.pageAuthentication.authenticate(context);
    const [member, sessions, apiKeys, sections] = await Promise.all([
      this.auth.show(id),
      this.sessions.findOfMember(id),
      this.apiKeys.findOfMember(id),
      this.sections.render(id),
    ]);
    return accountPage({ member, sessions, apiKeys, sections, ...more });
  }
}

function done({ response }: HttpContext, what: Done): string {
  return goTo(response, `/account?done=${what}`);
}
