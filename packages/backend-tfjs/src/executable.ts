import {
  AttuneError,
  type Buffer,
  type CompileReport,
  type Executable,
  formatType,
  type Program,
  type Signature,
  sameType,
} from '@attune/ir';
import { release, TfjsBuffer } from './buffer.js';
import { peakBytes, releases } from './lowering/lifetimes.js';
import type { Plan, SlotId } from './lowering/plan.js';
import type { MemoryLedger } from './memory-ledger.js';
import { runPlan } from './run-plan.js';
import type { Runtime } from './runtime.js';
import { select } from './select-backend.js';
import { type DeviceValue, toValue } from './value.js';

export interface ExecutableParts {
  readonly runtime: Runtime;
  readonly ledger: MemoryLedger;
  readonly program: Program;
  readonly plan: Plan;
  readonly report: CompileReport;
}

/**
 * A program as a list of kernels. A run owns its donated inputs and frees them behind their last use: they are gone also
 * where it fails.
 */
export class TfjsExecutable implements Executable {
  readonly signature: Signature;
  readonly report: CompileReport;
  readonly #runtime: Runtime;
  readonly #ledger: MemoryLedger;
  readonly #plan: Plan;
  readonly #constants: ReadonlyMap<SlotId, DeviceValue>;
  readonly #released: readonly (readonly SlotId[])[];
  readonly #peakBytes: number;

  /** Uploads the constants. */
  constructor({ runtime, ledger, program, plan, report }: ExecutableParts) {
    this.signature = signatureOf(program);
    this.report = report;
    this.#runtime = runtime;
    this.#ledger = ledger;
    this.#plan = plan;
    this.#constants = new Map(plan.constants.map(({ slot, tensor }) => [slot, toValue(runtime, tensor)]));
    const donated = plan.inputs.filter((_, index) => this.signature.inputs[index]!.donated);
    this.#released = releases(plan, donated);
    this.#peakBytes = peakBytes(plan, this.#released);
  }

  async run(inputs: readonly Buffer[]): Promise<readonly Buffer[]> {
    const buffers = this.#check(inputs);
    for (const buffer of buffers) buffer.value;
    select(this.#runtime);
    this.#ledger.reach(this.#peakBytes);
    const donated = buffers.filter((_, index) => this.signature.inputs[index]!.donated);
    const isOwned = (buffer: TfjsBuffer) => donated.includes(buffer) && occursOnce(buffer, buffers);
    const given = buffers.map((buffer, index) => {
      const owned = isOwned(buffer);
      return { slot: this.#plan.inputs[index]!, owned, value: owned ? buffer.take() : buffer.value };
    });
    const values = await runPlan(this.#runtime, this.#plan, {
      constants: this.#constants,
      released: this.#released,
      inputs: given,
    });
    for (const buffer of donated) buffer[Symbol.dispose]();
    return values.map((value, index) => new TfjsBuffer(this.#ledger, this.signature.outputs[index]!.type, value));
  }

  [Symbol.dispose](): void {
    for (const value of this.#constants.values()) release(value);
  }

  #check(inputs: readonly Buffer[]): readonly TfjsBuffer[] {
    const { inputs: expected } = this.signature;
    if (inputs.length !== expected.length) {
      throw new AttuneError('E_SIGNATURE', `The program takes ${expected.length} inputs, got ${inputs.length}.`);
    }
    return inputs.map((input, index) => {
      const { name, type } = expected[index]!;
      const isOwn = input instanceof TfjsBuffer && input.isOf(this.#ledger);
      if (!isOwn || !sameType(input.type, type)) {
        const found = `${formatType(input.type)}${isOwn ? '' : ' of another device'}`;
        throw new AttuneError('E_SIGNATURE', `Input "${name}" is ${formatType(type)}, got ${found}.`, { field: name });
      }
      return input;
    });
  }
}

const occursOnce = (buffer: TfjsBuffer, buffers: readonly TfjsBuffer[]): boolean =>
  buffers.indexOf(buffer) === buffers.lastIndexOf(buffer);

function signatureOf({ inputs, outputs, types, aliases }: Program): Signature {
  return {
    inputs: inputs.map(({ name, value }, index) => ({
      name,
      type: types[value]!,
      donated: aliases.some(({ input }) => input === index),
    })),
    outputs: outputs.map(({ name, value }) => ({ name, type: types[value]! })),
  };
}
