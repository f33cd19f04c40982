const PROBE = /^\/(?:v2\/)?health(?:\/|$)/;

/** Whether a request is a health probe: whoever sends it wants to know how it is just now. */
export function isProbe(url: string): boolean {
  return PROBE.test(url);
}
