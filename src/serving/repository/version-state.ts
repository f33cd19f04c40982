/** The state of a version as clients see it. */
export type VersionState = 'loading' | 'ready' | 'failed' | 'unloaded';

/** Adds `draining`: the version takes no new requests and finishes the current ones. */
export type Phase = VersionState | 'draining';

/** The phases that may follow each phase. A version that is ready loads again while its runtime is restarted. */
export const TRANSITIONS: Readonly<Record<Phase, readonly Phase[]>> = {
  unloaded: ['loading', 'draining'],
  loading: ['ready', 'failed', 'draining'],
  ready: ['loading', 'draining'],
  failed: ['draining'],
  draining: ['unloaded'],
};
