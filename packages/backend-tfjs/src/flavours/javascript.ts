import { type Flavour, loadCore, loadPeer, plainTarget, registered } from './flavour.js';
import { quietly } from './quietly.js';

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
    await quietly(core, () => core.engine().makeTensor(new Float32Array(1), [1], 'float32', runtime.backend).dispose());
    return runtime;
  },
};
