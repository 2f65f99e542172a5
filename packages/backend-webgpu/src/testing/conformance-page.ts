/** The conformance suite in a browser. */
import { runConformance } from '@attune/conformance';
import { webgpu } from '../index.js';

export default () => runConformance(webgpu());
