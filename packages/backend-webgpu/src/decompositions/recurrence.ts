/**
 * Recurrences step by step. Where a step begins in its sequence is a parameter of its kernels, so that all steps have the same
 * code, and compile once.
 */
import { dynamicSliceAxis, unrolled } from '@attune/ir';

export const bySharedKernels = unrolled((x, start, count) => dynamicSliceAxis(x, 0, start, count));
