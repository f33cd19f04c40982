import { applyDecorators, Injectable, SetMetadata } from '@nestjs/common';

export const JOB_HANDLER = Symbol('job handler');

/** Makes a provider, a `JobWork`, do the jobs of a kind. It is injected like any other, in the module of the team that has it. */
export function JobHandler(kind: string): ClassDecorator {
  return applyDecorators(Injectable(), SetMetadata(JOB_HANDLER, kind));
}
