import type { Model, ModelVersion } from '../serving/index.js';
import type { ModelStatsDto } from './dto/statistics.dto.js';

/** Counters of each version since it was loaded. Versions that were never loaded are left out. */
export function statisticsOf(model: Model, versions: readonly ModelVersion[] = model.versions): ModelStatsDto[] {
  return versions
    .filter(({ signature }) => signature !== undefined)
    .map((version) => versionStatistics(model.name, version));
}

function versionStatistics(name: string, { version, stats }: ModelVersion): ModelStatsDto {
  const counted = stats.snapshot();
  return {
    name,
    version,
    last_inference: counted.lastInference,
    inference_count: counted.inferenceCount,
    execution_count: counted.executionCount,
    inference_stats: {
      success: counted.success,
      fail: counted.fail,
      queue: counted.queue,
      compute_input: counted.computeInput,
      compute_infer: counted.computeInfer,
      compute_output: counted.computeOutput,
      cache_hit: counted.cacheHit,
      cache_miss: counted.cacheMiss,
    },
    batch_stats: counted.batches.map(({ size, computeInput, computeInfer, computeOutput }) => ({
      batch_size: size,
      compute_input: computeInput,
      compute_infer: computeInfer,
      compute_output: computeOutput,
    })),
    memory_usage: [],
    response_stats: {},
  };
}
