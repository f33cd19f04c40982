import { Body, Controller, Delete, Get, HttpCode, Param, Post } from '@nestjs/common';
import { ApiCreatedResponse, ApiNoContentResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { ApiProblems } from '../platform/http/index.js';
import { ApiKeysService } from './api-keys/api-keys.service.js';
import { BODY_PROBLEMS, DATABASE_PROBLEM, ID_PROBLEMS } from './auth.docs.js';
import {
  ApiKeyListDto,
  CreateApiKeyDto,
  CreatedApiKeyDto,
  toApiKeyDto,
  toCreatedApiKeyDto,
} from './dto/api-key.dto.js';
import { IdParameter } from './dto/id.parameter.js';
import { Authenticated, CurrentMember } from './identity/auth.decorators.js';
import type { AuthenticatedMember } from './identity/authenticated-member.js';
import { CurrentHttpContext, type HttpContext } from './sessions/http-context.js';

@ApiTags('auth')
@Controller('auth/api-keys')
export class ApiKeysController {
  constructor(private readonly apiKeys: ApiKeysService) {}

  @Post()
  // A key of an administrator passes where a session has to be fresh, so making one needs a fresh session.
  @Authenticated({ session: true, fresh: 'admin' })
  @ApiOperation({ summary: 'Create an API key, to be sent as Authorization: Bearer <key>' })
  @ApiCreatedResponse({ type: CreatedApiKeyDto })
  @ApiProblems({ ...BODY_PROBLEMS, 409: 'You have too many API keys' })
  async create(
    @CurrentHttpContext() context: HttpContext,
    @CurrentMember() member: AuthenticatedMember,
    @Body() body: CreateApiKeyDto,
  ): Promise<CreatedApiKeyDto> {
    const { row, key } = await this.apiKeys.create(context, member.id, body);
    return toCreatedApiKeyDto(row, key);
  }

  @Get()
  @Authenticated()
  @ApiOperation({ summary: 'List your API keys, without their secrets' })
  @ApiOkResponse({ type: ApiKeyListDto })
  @ApiProblems(DATABASE_PROBLEM)
  async list(@CurrentMember() member: AuthenticatedMember): Promise<ApiKeyListDto> {
    return { items: (await this.apiKeys.findByMember(member.id)).map(toApiKeyDto) };
  }

  @Delete(':id')
  @HttpCode(204)
  @Authenticated()
  @ApiOperation({ summary: 'Revoke an API key' })
  @ApiNoContentResponse()
  @ApiProblems({ ...ID_PROBLEMS, 404: 'You have no such API key' })
  async end(
    @CurrentHttpContext() context: HttpContext,
    @CurrentMember() member: AuthenticatedMember,
    @Param() { id }: IdParameter,
  ): Promise<void> {
    await this.apiKeys.revoke(context, member.id, id);
  }
}
