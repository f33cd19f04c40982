/** Defined by `scripts/bundle.mjs`: the path from the bundle to the built sources. */
declare const BARISTA_SOURCE_ROOT: string | undefined;

/** The folder of the built sources, `dist/src/`, for files that are read at run time. */
export const SOURCE_ROOT = new URL(
  typeof BARISTA_SOURCE_ROOT === 'undefined' ? '../../' : BARISTA_SOURCE_ROOT,
  import.meta.url,
);
