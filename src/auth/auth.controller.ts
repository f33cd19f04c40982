import { Body, Controller, Get, HttpCode, Post } from '@nestjs/common';
import { ApiCreatedResponse, ApiNoContentResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { ApiProblems } from '../http/index.js';
import { AuthService } from './auth.service.js';
import { LogInDto, SignUpDto } from './dto/credentials.dto.js';
import { MemberDto, toMemberDto } from './dto/member.dto.js';
import { Authenticated, CurrentMember } from './identity/auth.decorators.js';
import type { Principal } from './identity/principal.js';
import { CurrentExchange, type Exchange } from './sessions/exchange.js';

const BODY_PROBLEMS = {
  400: 'Malformed JSON',
  413: 'The body is too large',
  415: 'The body is not JSON',
  422: 'A field is wrong; `errors` names it',
  503: 'The database is away',
};

@ApiTags('auth')
@Controller('auth')
export class AuthController {
  constructor(private readonly auth: AuthService) {}

  @Post('signup')
  @ApiOperation({ summary: 'Become a member' })
  @ApiCreatedResponse({ type: MemberDto })
  @ApiProblems({ ...BODY_PROBLEMS, 409: 'The e-mail is taken' })
  async signUp(@CurrentExchange() exchange: Exchange, @Body() body: SignUpDto): Promise<MemberDto> {
    return toMemberDto(await this.auth.signUp(exchange, body));
  }

  @Post('login')
  @HttpCode(200)
  @ApiOperation({ summary: 'Log in: the answer sets the session cookie' })
  @ApiOkResponse({ type: MemberDto })
  @ApiProblems({ ...BODY_PROBLEMS, 400: 'Malformed JSON, or not over TLS', 401: 'The e-mail or the password is wrong' })
  async logIn(@CurrentExchange() exchange: Exchange, @Body() body: LogInDto): Promise<MemberDto> {
    return toMemberDto(await this.auth.logIn(exchange, body));
  }

  @Get('me')
  @Authenticated()
  @ApiOperation({ summary: 'Show who is logged in' })
  @ApiOkResponse({ type: MemberDto })
  @ApiProblems({ 503: 'The database is away' })
  async show(@CurrentMember() member: Principal): Promise<MemberDto> {
    return toMemberDto(await this.auth.show(member.id));
  }

  @Post('logout')
  @HttpCode(204)
  @ApiOperation({ summary: 'Log out: the session ends on the server' })
  @ApiNoContentResponse({ description: 'Also when not logged in' })
  @ApiProblems({ 503: 'The database is away' })
  async logOut(@CurrentExchange() exchange: Exchange): Promise<void> {
    await this.auth.logOut(exchange);
  }
}
