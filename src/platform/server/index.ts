export { BaristaExpressAdapter } from './barista-express.adapter.js';
export { configureServer } from './configure-server.js';
export { ProbePort } from './probe-port.js';
export { ServerModule } from './server.module.js';
export { ServerSettings } from './server.settings.js';
