import { Module } from '@nestjs/common';
import { OpenApiService } from '../platform/docs/index.js';
import { ErrorFormats, type FormattedError, type Problem } from '../platform/http/index.js';
import { describeTimeLimits } from '../inference/index.js';
import { ServingSettings } from '../serving/index.js';
import { ModelProtocolController, VersionProtocolController } from './model-protocol.controller.js';
import { OpenInferenceController } from './open-inference.controller.js';
import { describeVersionPaths } from './open-inference.docs.js';
import { RepositoryController } from './repository.controller.js';

/** The models for clients of the Open Inference Protocol, at `/v2`. */
@Module({
  controllers: [OpenInferenceController, ModelProtocolController, VersionProtocolController, RepositoryController],
})
export class OpenInferenceModule {
  constructor(openApi: OpenApiService, errorFormats: ErrorFormats, settings: ServingSettings) {
    errorFormats.add('/v2', formatError);
    openApi.contribute(describeVersionPaths);
    openApi.contribute((document) => describeTimeLimits(document, '/infer', settings));
  }
}

/** The protocol's error format. A request that breaks a rule is 400, as for Triton. */
function formatError({ status, detail, errors = [] }: Problem): FormattedError {
  const error = errors.length > 1 ? errors.map(({ message }) => message).join('; ') : detail;
  return { status: status === 422 ? 400 : status, contentType: 'application/json', body: { error } };
}
