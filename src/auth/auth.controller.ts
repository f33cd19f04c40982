import { Body, Controller, Delete, Get, HttpCode, Post } from '@nestjs/common';
import { ApiCreatedResponse, ApiNoContentResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { ApiProblems } from '../platform/http/index.js';
import { BODY_PROBLEMS, DATABASE_PROBLEM, THROTTLED } from './auth.docs.js';
import { AuthService } from './auth.service.js';
import { ChangePasswordDto, LogInDto, SignUpDto, WithdrawDto } from './dto/credentials.dto.js';
import { MemberDto, toMemberDto } from './dto/member.dto.js';
import { Authenticated, CurrentMember } from './identity/auth.decorators.js';
import type { AuthenticatedMember } from './identity/authenticated-member.js';
import { CurrentHttpContext, type HttpContext } from './sessions/http-context.js';

@ApiTags('auth')
@Controller('auth')
export class AuthController {
  constructor(private readonly auth: AuthService) {}

  @Post('signup')
  @ApiOperation({ summary: 'Sign up' })
  @ApiCreatedResponse({ type: MemberDto })
  @ApiProblems({ ...BODY_PROBLEMS, ...THROTTLED, 409: 'The e-mail is taken' })
  async signUp(@CurrentHttpContext() context: HttpContext, @Body() body: SignUpDto): Promise<MemberDto> {
    return toMemberDto(await this.auth.signUp(context, body));
  }

  @Post('login')
  @HttpCode(200)
  @ApiOperation({ summary: 'Log in: the response sets the session cookie' })
  @ApiOkResponse({ type: MemberDto })
  @ApiProblems({
    ...BODY_PROBLEMS,
    ...THROTTLED,
    400: 'Malformed JSON, or not over TLS',
    401: 'The e-mail or the password is wrong',
  })
  async logIn(@CurrentHttpContext() context: HttpContext, @Body() body: LogInDto): Promise<MemberDto> {
    return toMemberDto(await this.auth.logIn(context, body));
  }

  @Get('me')
  @Authenticated()
  @ApiOperation({ summary: 'Show the member who is logged in' })
  @ApiOkResponse({ type: MemberDto })
  @ApiProblems(DATABASE_PROBLEM)
  async show(@CurrentMember() member: AuthenticatedMember): Promise<MemberDto> {
    return toMemberDto(await this.auth.findMember(member.id));
  }

  @Post('logout')
  @HttpCode(204)
  @ApiOperation({ summary: 'Log out: the session ends on the server' })
  @ApiNoContentResponse({ description: 'Also when not logged in' })
  @ApiProblems(DATABASE_PROBLEM)
  async logOut(@CurrentHttpContext() context: HttpContext): Promise<void> {
    await this.auth.logOut(context);
  }

  @Post('password')
  @HttpCode(204)
  @Authenticated({ session: true })
  @ApiOperation({ summary: 'Change the password: this session gets a new id, your other sessions end' })
  @ApiNoContentResponse()
  @ApiProblems({ ...BODY_PROBLEMS, ...THROTTLED, 403: 'The current password is wrong, or an API key was used' })
  async changePassword(
    @CurrentHttpContext() context: HttpContext,
    @CurrentMember() member: AuthenticatedMember,
    @Body() body: ChangePasswordDto,
  ): Promise<void> {
    await this.auth.changePassword(context, member.id, body);
  }

  @Delete('me')
  @HttpCode(204)
  @Authenticated({ session: true })
  @ApiOperation({ summary: 'Withdraw: you, your sessions and your keys are gone; your menus lose their owner' })
  @ApiNoContentResponse()
  @ApiProblems({ ...BODY_PROBLEMS, ...THROTTLED, 403: 'The password is wrong, or an API key was used' })
  async withdraw(
    @CurrentHttpContext() context: HttpContext,
    @CurrentMember() member: AuthenticatedMember,
    @Body() { password }: WithdrawDto,
  ): Promise<void> {
    await this.auth.withdraw(context, member.id, password);
  }
}
