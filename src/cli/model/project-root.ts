import { fileURLToPath } from 'node:url';
import { SOURCE_ROOT } from '../../platform/config/index.js';

/** The folder with `package.json`, seen from the source or from the build. */
export const PROJECT_ROOT = fileURLToPath(new URL('../../', SOURCE_ROOT));
