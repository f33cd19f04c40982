export { decodeText } from './decode-text.js';
export { Env, SettingsError, type Variables } from './env.js';
export { EnvironmentSettings } from './environment.settings.js';
export { environmentVariables } from './environment-variables.js';
export { SettingsModule, readSettings } from './settings.module.js';
export { SOURCE_ROOT } from './source-root.js';
