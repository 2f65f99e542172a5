import { byteLength, type CompileReport, type Program } from '@attune/ir';
import type { Kernel } from '../kernels/kernel.js';

/** What a run of one kernel does. */
export interface KernelReport {
  /** The ops that the kernel computes. */
  readonly label: string;
  /** Bytes of the values that it reads and writes. */
  readonly bytes: number;
  /** Floating-point operations, estimated. */
  readonly operations: number;
  readonly workgroups: number;
  /** The WGSL. */
  readonly code: string;
}

/** The report of a program that was compiled for WebGPU. */
export interface WebgpuReport extends CompileReport {
  /** In the order in which a run dispatches them. */
  readonly kernelReports: readonly KernelReport[];
}

export function reportKernel(
  { label, code, bindings, workgroups, operations }: Kernel,
  { types }: Program,
): KernelReport {
  const bytes = bindings.reduce(
    (sum, binding) => sum + (binding.kind === 'value' ? byteLength(types[binding.value]!) : 0),
    0,
  );
  return { label, bytes, operations, workgroups: workgroups.reduce((a, b) => a * b), code };
}

/** The kernels of a report as a table, one a line. */
export function printKernels({ kernelReports }: WebgpuReport): string {
  const rows = kernelReports.map(({ label, bytes, operations, workgroups }) =>
    [formatNumber(bytes), formatNumber(operations), String(workgroups), label].map((cell, column) =>
      column < 3 ? cell.padStart(10) : cell,
    ),
  );
  const head = ['bytes', 'operations', 'workgroups'].map((name) => name.padStart(10));
  return [[...head, 'ops'], ...rows].map((row) => row.join('  ')).join('\n');
}

const formatNumber = (number: number): string =>
  number < 1e4 ? String(number) : number < 1e7 ? `${(number / 1e3).toFixed(0)}k` : `${(number / 1e6).toFixed(0)}M`;
