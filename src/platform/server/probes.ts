const PROBE = /^\/(?:v2\/)?health(?:\/|$)/;

/** Whether a request is a health probe. Probes report the present state, so they are never queued or rejected. */
export function isProbe(url: string): boolean {
  return PROBE.test(url);
}
