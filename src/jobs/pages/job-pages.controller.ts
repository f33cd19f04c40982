import { Controller, Param, Post, Redirect, UseFilters, UseGuards } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import { Authenticated, AuthPagesFilter, CurrentMember, type AuthenticatedMember } from '../../auth/index.js';
import { AnyQuery, CurrentActor, SameOriginFormGuard, type RequestActor } from '../../platform/http/index.js';
import { JobIdDto } from '../dto/job-requests.dto.js';
import { JobsService } from '../jobs.service.js';

/** Form actions of the account page; they need no script. */
@ApiExcludeController()
@Controller('account/jobs')
@UseGuards(SameOriginFormGuard)
@UseFilters(AuthPagesFilter)
export class JobPagesController {
  constructor(private readonly jobs: JobsService) {}

  /** Leaves a job that finished after the page was rendered unchanged. */
  @Post(':id/cancel')
  @AnyQuery()
  @Redirect('/account', 303)
  @Authenticated({ session: true })
  async cancel(
    @Param() { id }: JobIdDto,
    @CurrentMember() member: AuthenticatedMember,
    @CurrentActor() actor: RequestActor,
  ): Promise<void> {
    await this.jobs.remove(id, member, actor, { cancelOnly: true });
  }

  @Post(':id/remove')
  @AnyQuery()
  @Redirect('/account', 303)
  @Authenticated({ session: true })
  async remove(
    @Param() { id }: JobIdDto,
    @CurrentMember() member: AuthenticatedMember,
    @CurrentActor() actor: RequestActor,
  ): Promise<void> {
    await this.jobs.remove(id, member, actor);
  }
}
