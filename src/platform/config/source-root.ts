/** Set where this code has been put into one file with others (`scripts/bundle.mjs`): from there to the built sources. */
declare const BARISTA_SOURCE_ROOT: string | undefined;

/** The folder of the built sources, `dist/src/`: for what is read from there when the application runs. */
export const SOURCE_ROOT = new URL(
  typeof BARISTA_SOURCE_ROOT === 'undefined' ? '../../' : BARISTA_SOURCE_ROOT,
  import.meta.url,
);
