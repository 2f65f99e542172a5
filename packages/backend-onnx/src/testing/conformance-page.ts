/** The conformance suite in a browser, on WASM with two threads. */
import { runConformance } from '@attune/conformance';
import { onnx } from '../index.js';

export default () => runConformance(onnx({ runtime: 'web', threads: 2, wasmPaths: '/' }));
