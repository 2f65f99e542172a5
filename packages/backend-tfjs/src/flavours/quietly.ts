import type { Core } from '../runtime.js';

/**
 * Does something without TensorFlow.js' advice on the console: for tfjs-node, at the first tensor of plain JavaScript, and a
 * line for each kernel that is registered by two packages. In its production mode it is silent.
 */
export async function quietly<T>(core: Core, action: () => T | Promise<T>): Promise<T> {
  const isProduction = core.env().getBool('PROD');
  core.env().set('PROD', true);
  try {
    return await action();
  } finally {
    core.env().set('PROD', isProduction);
  }
}
