import { Body, Controller, Delete, Get, HttpCode, Param, Post } from '@nestjs/common';
import { ApiCreatedResponse, ApiNoContentResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { ApiProblems } from '../platform/http/index.js';
import { ApiKeys } from './api-keys/api-keys.service.js';
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
  constructor(private readonly apiKeys: ApiKeys) {}

  @Post()
  // An administrator's key opens what their session opens only while it is fresh.
  @Authenticated({ session: true, fresh: 'admin' })
  @ApiOperation({ summary: 'Make an API key, to be sent as Authorization: Bearer <key>' })
  @ApiCreatedResponse({ type: CreatedApiKeyDto })
  @ApiProblems({ ...BODY_PROBLEMS, 409: 'There are too many keys already' })
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
  @ApiOperation({ summary: 'List your API keys, without what is secret in them' })
  @ApiOkResponse({ type: ApiKeyListDto })
  @ApiProblems(DATABASE_PROBLEM)
  async list(@CurrentMember() member: AuthenticatedMember): Promise<ApiKeyListDto> {
    return { items: (await this.apiKeys.findOfMember(member.id)).map(toApiKeyDto) };
  }

  @Delete(':id')
  @HttpCode(204)
  @Authenticated()
  @ApiOperation({ summary: 'End an API key' })
  @ApiNoContentResponse()
  @ApiProblems({ ...ID_PROBLEMS, 404: 'You have no such key' })
  async end(
    @CurrentHttpContext() context: HttpContext,
    @CurrentMember() member: AuthenticatedMember,
    @Param() { id }: IdParameter,
  ): Promise<void> {
    await this.apiKeys.end(context, member.id, id);
  }
}
