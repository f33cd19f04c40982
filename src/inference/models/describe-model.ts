import { type Model, type ModelVersion, toJsonSchema } from '../../serving/index.js';
import type { ModelDto, ModelSummaryDto, VersionDto } from './dto/model.dto.js';
import { schemasOf } from './model-schemas.js';

/** A model in the list of `GET /models`. */
export function summarizeModel(model: Model): ModelSummaryDto {
  return {
    name: model.name,
    description: model.manifest.description ?? '',
    state: model.state,
    reason: model.reason ?? null,
    defaultVersion: model.defaultVersion?.version ?? null,
    versions: model.versions.map(describeVersion),
  };
}

/** The response of `GET /models/{name}`: the summary, and the schemas of the default version. */
export function describeModel(model: Model): ModelDto {
  const { defaultVersion, manifest } = model;
  const { input, output, example } = schemasOf(model) ?? {};
  return {
    ...summarizeModel(model),
    access: model.access,
    input: input ? toJsonSchema(input) : null,
    output: output ?? null,
    batching: defaultVersion?.batching ?? null,
    example: manifest.example ?? (example ? { input: example } : null),
  };
}

function describeVersion(version: ModelVersion): VersionDto {
  const entry = version.manifest.versions?.[version.version];
  return {
    version: version.version,
    state: version.state,
    reason: version.reason ?? null,
    sha256: version.sha256 ?? null,
    trainedAt: entry?.trainedAt ?? null,
    metrics: entry?.metrics ?? {},
  };
}
