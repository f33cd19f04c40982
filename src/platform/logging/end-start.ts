/**
 * Ends a start that cannot succeed, in words and with exit code 1. Written to stderr, past the log, which may not have
 * been set up yet.
 */
export function endStart(error: unknown): never {
  const reason = error instanceof Error ? error : new Error(String(error));
  const isForOperators = reason.name === 'SettingsError' || reason.name === 'StartError';
  process.stderr.write(`Barista cannot start. ${isForOperators ? reason.message : (reason.stack ?? reason.message)}\n`);
  process.exit(1);
}
