import { Controller, Delete, Get, HttpCode, Param } from '@nestjs/common';
import { ApiNoContentResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { ApiProblems } from '../platform/http/index.js';
import { DATABASE_PROBLEM, ID_PROBLEMS } from './auth.docs.js';
import { IdParameter } from './dto/id.parameter.js';
import { SessionListDto, toSessionDto } from './dto/session.dto.js';
import { Authenticated, CurrentMember } from './identity/auth.decorators.js';
import type { AuthenticatedMember } from './identity/authenticated-member.js';
import { CurrentHttpContext, type HttpContext } from './sessions/http-context.js';
import { SessionsService } from './sessions/sessions.service.js';

@ApiTags('auth')
@Controller('auth/sessions')
export class SessionsController {
  constructor(private readonly sessions: SessionsService) {}

  @Get()
  @Authenticated()
  @ApiOperation({ summary: 'List your sessions' })
  @ApiOkResponse({ type: SessionListDto })
  @ApiProblems(DATABASE_PROBLEM)
  async list(
    @CurrentHttpContext() context: HttpContext,
    @CurrentMember() member: AuthenticatedMember,
  ): Promise<SessionListDto> {
    const currentId = member.via === 'session' ? context.request.session.publicId : undefined;
    const sessions = await this.sessions.findByMember(member.id);
    return { items: sessions.map((session) => toSessionDto(session, currentId)) };
  }

  @Delete(':id')
  @HttpCode(204)
  @Authenticated({ session: true })
  @ApiOperation({ summary: 'End one of your sessions; ending this one logs you out' })
  @ApiNoContentResponse()
  @ApiProblems({ ...ID_PROBLEMS, 404: 'You have no such session' })
  async end(
    @CurrentHttpContext() context: HttpContext,
    @CurrentMember() member: AuthenticatedMember,
    @Param() { id }: IdParameter,
  ): Promise<void> {
    await this.sessions.endById(context, member.id, id);
  }
}
