import { byteLength, type CompileReport, type Program } from '@attune/ir';
import type { Binding, Kernel } from '../kernels/kernel.js';

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
  const bytes = bindings.reduce((sum, binding) => sum + bytesOf(binding, types), 0);
  return { label, bytes, operations, workgroups: workgroups.reduce((a, b) => a * b), code };
}

function bytesOf(binding: Binding, types: Program['types']): number {
  if (binding.kind === 'arena' || binding.kind === 'slot') return binding.bytes;
  return binding.kind === 'value' && binding.window === 0 ? byteLength(types[binding.value]!) : 0;
}

/**
 * The kernels of a report as a table, one a line.
 * @param microseconds by kernel, where they were measured
 */
export function printKernels({ kernelReports }: WebgpuReport, microseconds?: readonly number[]): string {
  const head = ['bytes', 'operations', 'workgroups', ...(microseconds ? ['µs'] : [])];
  const rows = kernelReports.map(({ label, bytes, operations, workgroups }, kernel) => {
    const time = microseconds ? [microseconds[kernel]?.toFixed(0) ?? ''] : [];
    return [...[formatNumber(bytes), formatNumber(operations), String(workgroups), ...time].map(padded), label];
  });
  return [[...head.map(padded), 'ops'], ...rows].map((row) => row.join('  ')).join('\n');
}

const padded = (cell: string): string => cell.padStart(10);

const formatNumber = (number: number): string =>
  number < 1e4 ? String(number) : number < 1e7 ? `${(number / 1e3).toFixed(0)}k` : `${(number / 1e6).toFixed(0)}M`;
