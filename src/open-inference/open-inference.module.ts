import { Module } from '@nestjs/common';
import { OpenApiService } from '../platform/docs/index.js';
import { ErrorFormats } from '../platform/http/index.js';
import { ModelProtocolController, VersionProtocolController } from './model-protocol.controller.js';
import { OpenInferenceController } from './open-inference.controller.js';
import { describeVersionPaths } from './open-inference.docs.js';
import { formatOpenInferenceError } from './open-inference-errors.js';
import { RepositoryController } from './repository.controller.js';

/** `/v2`: the models, for clients of the Open Inference Protocol. */
@Module({
  controllers: [OpenInferenceController, ModelProtocolController, VersionProtocolController, RepositoryController],
})
export class OpenInferenceModule {
  constructor(openApi: OpenApiService, errorFormats: ErrorFormats) {
    errorFormats.add('/v2', formatOpenInferenceError);
    openApi.contribute(describeVersionPaths);
  }
}
