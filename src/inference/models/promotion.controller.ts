import { Body, Controller, Param, Put } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { type AuthenticatedMember, CurrentMember, Roles } from '../../auth/index.js';
import { ApiProblems, CurrentActor, InvalidInputError, type RequestActor } from '../../platform/http/index.js';
import { SecurityLog } from '../../platform/logging/index.js';
import { type Model, ModelStore, VersionNotReadyError } from '../../serving/index.js';
import { describeModel } from './describe-model.js';
import { ApiModelName, ModelDto } from './dto/model.dto.js';
import { ChooseVersionDto } from './dto/promote-model.dto.js';

/** Promotes a version: makes it the one that serves requests that name none. For administrators. */
@ApiTags('predictions')
@Controller('models')
export class PromotionController {
  constructor(
    private readonly store: ModelStore,
    private readonly securityLog: SecurityLog,
  ) {}

  @Put(':name/default')
  @Roles('admin', { fresh: true })
  @ApiModelName()
  @ApiOperation({
    operationId: 'Models_choose',
    summary: 'Choose the default version; kept across restarts (administrators)',
  })
  @ApiOkResponse({ type: ModelDto })
  @ApiProblems({
    404: 'No such model',
    409: 'The version is not ready',
    422: 'No such version',
    503: 'The database is busy',
    507: 'The database is full',
  })
  async promote(
    @Param('name') name: string,
    @Body() { version }: ChooseVersionDto,
    @CurrentMember() member: AuthenticatedMember,
    @CurrentActor() actor: RequestActor,
  ): Promise<ModelDto> {
    const model = this.store.get(name);
    if (version !== null) requireReady(model, version);
    await this.store.choose(model, version);
    this.securityLog.record('model.default.changed', { ...actor, memberId: member.id }, { model: name, version });
    return describeModel(model);
  }
}

function requireReady(model: Model, version: string): void {
  const found = model.versions.find((candidate) => candidate.version === version);
  if (!found) {
    const message = `version must be one of ${model.versions.map((candidate) => candidate.version).join(', ')}, or null`;
    throw new InvalidInputError([{ location: ['body', 'version'], type: 'choice', message }]);
  }
  if (found.state !== 'ready') throw new VersionNotReadyError(model.name, version, found.state);
}
