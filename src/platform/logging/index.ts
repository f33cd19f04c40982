export { Log } from './log.js';
export { LoggingModule } from './logging.module.js';
export { LoggingSettings } from './logging.settings.js';
export { NestLogger } from './nest-logger.js';
export { type Actor, SecurityLog } from './security-log.js';
export { abortStartup, StartupError, StartupFailure } from './startup-failure.js';
