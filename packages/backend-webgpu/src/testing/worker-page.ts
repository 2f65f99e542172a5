/** The conformance suite's training steps in a Web Worker of a browser. */
import { type Outcome, runConformance } from '@attune/conformance';
import { webgpu } from '../index.js';

/** Starts this very module in a worker. */
export default (): Promise<readonly Outcome[]> =>
  new Promise((resolve, reject) => {
    const worker = new Worker(import.meta.url, { type: 'module' });
    worker.onmessage = ({ data }) => resolve(data);
    worker.onerror = ({ message }) => reject(new Error(message));
  });

if (globalThis.document === undefined) {
  postMessage(await runConformance(webgpu(), { only: /ten steps follow the reference/ }));
}
