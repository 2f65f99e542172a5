import type { Core } from '../runtime.js';
import { type Flavour, loadCore, loadPeer, plainTarget, registered } from './flavour.js';

const packageName = '@tensorflow/tfjs-backend-cpu';

/** Plain JavaScript: slow, and everywhere. */
export const javascript: Flavour = {
  name: 'cpu',
  device: 'javascript',
  async load() {
    const core = await loadCore();
    await loadPeer(packageName, () => import('@tensorflow/tfjs-backend-cpu'));
    const runtime = await registered(core, packageName, {
      flavour: 'cpu',
      backendName: 'cpu',
      device: 'javascript',
      isAccelerator: false,
      target: plainTarget,
    });
    withoutAdvice(core, () => core.engine().makeTensor(new Float32Array(1), [1], 'float32', runtime.backend).dispose());
    return runtime;
  },
};

/** The first tensor of the backend prints an advertisement for tfjs-node, unless TensorFlow.js is in production mode. */
function withoutAdvice(core: Core, makeFirstTensor: () => void): void {
  const isProduction = core.env().getBool('PROD');
  core.env().set('PROD', true);
  makeFirstTensor();
  core.env().set('PROD', isProduction);
}
