/** What a program's kernels are and do. */
import { byteLength, type Program } from '@attune/ir';
import type { Binding, Kernel } from '../kernels/kernel.js';

export interface KernelTrace {
  /** The ops that the kernel computes. */
  readonly label: string;
  /** Bytes of the values that it reads and writes. */
  readonly bytes: number;
  /** Floating-point operations, estimated. */
  readonly operations: number;
  readonly workgroups: number;
  /** How long it took, by the device's clock; absent where the device has none. */
  readonly microseconds?: number | undefined;
  /** The WGSL. */
  readonly code: string;
}

export interface ProgramTrace {
  /** The program's name. */
  readonly program: string;
  /** In the order in which a run dispatches them. */
  readonly kernels: readonly KernelTrace[];
}

/** @param microseconds by kernel, where they were measured */
export function traceOf(
  { name, types }: Program,
  kernels: readonly Kernel[],
  microseconds: readonly number[] | undefined,
): ProgramTrace {
  return {
    program: name,
    kernels: kernels.map(({ label, code, bindings, workgroups, operations }, index) => ({
      label,
      bytes: bindings.reduce((sum, binding) => sum + bytesOf(binding, types), 0),
      operations,
      workgroups: workgroups.reduce((a, b) => a * b),
      microseconds: microseconds?.[index],
      code,
    })),
  };
}

function bytesOf(binding: Binding, types: Program['types']): number {
  if (binding.kind === 'arena' || binding.kind === 'slot') return binding.bytes;
  return binding.kind === 'value' && binding.window === 0 ? byteLength(types[binding.value]!) : 0;
}

/** A table with a line for each kernel, under the program's name. */
export function printTrace({ program, kernels }: ProgramTrace): string {
  const head = ['bytes', 'operations', 'workgroups', 'µs'];
  const rows = kernels.map(({ label, bytes, operations, workgroups, microseconds }) => [
    ...[formatNumber(bytes), formatNumber(operations), String(workgroups), microseconds?.toFixed(0) ?? '-'].map(padded),
    label,
  ]);
  return [program, ...[[...head.map(padded), 'ops'], ...rows].map((row) => row.join('  '))].join('\n');
}

const padded = (cell: string): string => cell.padStart(10);

const formatNumber = (number: number): string =>
  number < 1e4 ? String(number) : number < 1e7 ? `${(number / 1e3).toFixed(0)}k` : `${(number / 1e6).toFixed(0)}M`;
