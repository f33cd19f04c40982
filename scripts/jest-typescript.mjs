// Jest's transformer: types are taken out by the compiler the project builds with; `npm run typecheck` checks them.
import { createHash } from 'node:crypto';
import ts from 'typescript';

const compilerOptions = {
  target: ts.ScriptTarget.ES2023,
  module: ts.ModuleKind.ESNext,
  isolatedModules: true,
  experimentalDecorators: true,
  emitDecoratorMetadata: true,
  inlineSourceMap: true,
  inlineSources: true,
};

export default {
  process: (source, fileName) => ({ code: ts.transpileModule(source, { fileName, compilerOptions }).outputText }),
  // Jest keeps what a transformer made until this changes.
  getCacheKey: (source, fileName) =>
    createHash('sha256')
      .update(JSON.stringify([ts.version, compilerOptions, fileName, source]))
      .digest('hex'),
};
