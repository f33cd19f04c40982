import { applyDecorators, Body, Controller, HttpCode, Param, Post, Res } from '@nestjs/common';
import { ApiBody, ApiOkResponse, ApiOperation, ApiParam, ApiTags } from '@nestjs/swagger';
import type { Response } from 'express';
import { type AuthenticatedMember, CurrentMember, Roles } from '../auth/index.js';
import {
  AcceptsBody,
  CurrentActor,
  MalformedRequestError,
  parseJsonExactly,
  type RequestActor,
} from '../platform/http/index.js';
import { SecurityLog } from '../platform/logging/index.js';
import { type Model, ModelStore } from '../serving/index.js';
import { sendJson } from './send-response.js';
import { RepositoryEntryDto } from './dto/metadata.dto.js';
import { isAbsent, type JsonObject, readBoolean, readParameters, requireObject } from './json-fields.js';
import { OpenInferenceOperation, REPOSITORY_ERRORS } from './open-inference.docs.js';

const EMPTY_OBJECT = { schema: { type: 'object' as const, additionalProperties: false, description: 'Empty' } };
const BODY = { schema: { type: 'object' as const, additionalProperties: true, example: {} }, required: false };

/** A command on one model. Requires a fresh login of an administrator. */
const ModelCommand = (summary: string): MethodDecorator =>
  applyDecorators(
    HttpCode(200),
    Roles('admin', { fresh: true }),
    // After Roles, whose errors it documents in the format of the protocol.
    OpenInferenceOperation(REPOSITORY_ERRORS),
    AcceptsBody({ kinds: ['json', 'bytes'], purpose: 'ordinary' }),
    ApiParam({ name: 'name', description: "The model's folder in the store", example: 'iris' }),
    ApiBody(BODY),
    ApiOperation({ summary }),
    ApiOkResponse(EMPTY_OBJECT),
  );

/** Triton's model repository extension, for administrators. */
@ApiTags('open-inference')
@Controller('v2/repository')
export class RepositoryController {
  constructor(
    private readonly store: ModelStore,
    private readonly securityLog: SecurityLog,
  ) {}

  @Post('index')
  @HttpCode(200)
  @OpenInferenceOperation(REPOSITORY_ERRORS)
  @Roles('admin')
  @AcceptsBody({ kinds: ['json', 'bytes'], purpose: 'ordinary' })
  @ApiBody(BODY)
  @ApiOperation({ summary: 'Every version of every model with its state; `{"ready":true}` for the ready ones only' })
  @ApiOkResponse({ type: [RepositoryEntryDto] })
  index(@Body() body: unknown, @Res() response: Response): void {
    const isReadyOnly = readBoolean(readBody(body), 'ready') ?? false;
    const entries = this.store.all().flatMap(toIndexEntries);
    sendJson(response, isReadyOnly ? entries.filter(({ state }) => state === 'READY') : entries);
  }

  @Post('models/:name/load')
  @ModelCommand('Load the current files of a model, and put it into service')
  async load(
    @Param('name') name: string,
    @Body() body: unknown,
    @CurrentMember() member: AuthenticatedMember,
    @CurrentActor() actor: RequestActor,
    @Res() response: Response,
  ): Promise<void> {
    rejectOverrides(readParameters(readBody(body), 'The request'));
    const model = await this.store.load(name);
    const version = model.defaultVersion?.version;
    this.securityLog.record('model.loaded', { ...actor, memberId: member.id }, { model: name, version });
    sendJson(response, {});
  }

  @Post('models/:name/unload')
  @ModelCommand('Take a model out of service, after its requests in flight')
  async unload(
    @Param('name') name: string,
    @Body() body: unknown,
    @CurrentMember() member: AuthenticatedMember,
    @CurrentActor() actor: RequestActor,
    @Res() response: Response,
  ): Promise<void> {
    readParameters(readBody(body), 'The request');
    await this.store.unload(name);
    this.securityLog.record('model.unloaded', { ...actor, memberId: member.id }, { model: name });
    sendJson(response, {});
  }
}

/** An empty body has no parameters. */
function readBody(body: unknown): JsonObject {
  if (!Buffer.isBuffer(body) || body.length === 0) return {};
  return requireObject(parseJsonExactly(body), 'The request');
}

/** Models come from the store alone: files and manifests in a request would bypass its checks. */
function rejectOverrides(parameters: JsonObject): void {
  const given = Object.keys(parameters).filter((key) => !isAbsent(parameters[key]));
  const override = given.find((key) => key === 'config' || key.startsWith('file:'));
  if (override === undefined) return;
  throw new MalformedRequestError('Models are loaded from the store only: send neither "config" nor files.');
}

function toIndexEntries(model: Model): RepositoryEntryDto[] {
  const { name, versions } = model;
  if (versions.length === 0) return [{ name, state: 'UNAVAILABLE', reason: model.reason ?? '' }];
  return versions.map(({ version, state, reason }) => ({
    name,
    version,
    state: state === 'ready' ? 'READY' : state === 'loading' ? 'LOADING' : 'UNAVAILABLE',
    reason: reason ?? (state === 'unloaded' ? 'unloaded' : ''),
  }));
}
