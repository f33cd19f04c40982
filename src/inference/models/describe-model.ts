import { type Model, type ModelVersion, toJsonSchema } from '../../serving/index.js';
import type { ModelDto, ModelSummaryDto, RunFailureDto, VersionDto } from './dto/model.dto.js';
import { ownSchemasOf, schemasOf } from './model-schemas.js';

const MAX_FAILURES = 10;

/** A model in the list of `GET /models`. */
export function summarizeModel(model: Model): ModelSummaryDto {
  return {
    name: model.name,
    description: model.manifest.description ?? '',
    state: model.state,
    reason: model.reason ?? null,
    defaultVersion: model.defaultVersion?.version ?? null,
    versions: model.versions.map((version) => describeVersion(version, model)),
  };
}

/** The response of `GET /models/{name}`: the summary, the schemas of the default version, and those that differ from them. */
export function describeModel(model: Model): ModelDto {
  const { defaultVersion } = model;
  const { input, output, example } = schemasOf(model) ?? {};
  const { manifest } = defaultVersion ?? model;
  return {
    ...summarizeModel(model),
    versions: model.versions.map((version) => ({
      ...describeVersion(version, model),
      ...describeSchemas(version, model),
    })),
    access: model.access,
    input: input ? toJsonSchema(input) : null,
    output: output ?? null,
    batching: defaultVersion?.batching ?? null,
    example: manifest.example ?? (example ? { input: example } : null),
  };
}

/** The last runs that failed, of all versions, newest first. They are for administrators. */
export function failuresOf({ versions }: Model): RunFailureDto[] {
  return versions
    .flatMap(({ version, failures }) => failures.map(({ at, ...rest }) => ({ at: at.toISOString(), version, ...rest })))
    .sort((a, b) => (a.at < b.at ? 1 : -1))
    .slice(0, MAX_FAILURES);
}

function describeVersion(version: ModelVersion, { manifest }: Model): VersionDto {
  const entry = version.manifest.versions?.[version.version];
  return {
    version: version.version,
    state: version.state,
    reason: version.reason ?? null,
    ...(manifest.versions?.[version.version]?.candidate ? { candidate: true } : {}),
    sha256: version.sha256 ?? null,
    trainedAt: entry?.trainedAt ?? null,
    metrics: entry?.metrics ?? {},
  };
}

/** Of a version that takes other rows, or gives other predictions, than the default version. */
function describeSchemas(version: ModelVersion, model: Model): Pick<VersionDto, 'input' | 'output'> {
  const own = ownSchemasOf(version, model);
  return own ? { input: toJsonSchema(own.input), output: own.output } : {};
}
