import type { Capabilities, Device, Executable, Program } from '@attune/ir';
import { type PassOptions, runPasses } from '../passes/passes.js';
import type { CompileEvent } from '../trainer/events.js';
import { indexLimits } from './index-limits.js';

/** A compiled program with the names of its ports. */
export interface CompiledProgram {
  readonly executable: Executable;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  /** Inputs that are indices, and how many rows their tables have. */
  readonly indexLimits: ReadonlyMap<string, number>;
}

/** Compiles each program once and keeps it, by a key that names the batch's shape. */
export class Compiler {
  readonly #device: Device;
  readonly #compiled = new Map<string, CompiledProgram>();
  readonly #events: CompileEvent[] = [];

  constructor(device: Device) {
    this.#device = device;
  }

  /** What the device can do: programs that are differentiated are traced for it. */
  get capabilities(): Capabilities {
    return this.#device.capabilities;
  }

  async compile(key: string, build: () => Program, passes: PassOptions = {}): Promise<CompiledProgram> {
    const known = this.#compiled.get(key);
    if (known) return known;
    const start = performance.now();
    const built = build();
    const program = runPasses(built, this.#device.capabilities, passes);
    const executable = await this.#device.compile(program);
    const compiled = {
      executable,
      inputs: program.inputs.map(({ name }) => name),
      outputs: program.outputs.map(({ name }) => name),
      indexLimits: indexLimits(built),
    };
    this.#compiled.set(key, compiled);
    this.#events.push({
      type: 'compile',
      program: program.name,
      kernels: executable.report.kernels,
      milliseconds: performance.now() - start,
    });
    return compiled;
  }

  /** The compilations since the last call. */
  takeEvents(): readonly CompileEvent[] {
    return this.#events.splice(0);
  }

  /** Forgets the programs whose key begins so. */
  forget(prefix: string): void {
    for (const [key, { executable }] of this.#compiled) {
      if (!key.startsWith(prefix)) continue;
      executable[Symbol.dispose]();
      this.#compiled.delete(key);
    }
  }
}
