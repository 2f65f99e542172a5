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
import { OnnxBuffer } from './buffer.js';
import { outputName } from './lowering/lower.js';
import type { InferenceSession, Tensor } from './runtime.js';
import type { StoragePool } from './storage-pool.js';

/** A program as one ONNX Runtime session. Outputs are written in place into pooled memory. */
export class OnnxExecutable implements Executable {
  readonly signature: Signature;
  readonly report: CompileReport;
  readonly #session: InferenceSession;
  readonly #pool: StoragePool;
  readonly #writesInPlace: boolean;
  readonly #outputNames: readonly string[];

  constructor(
    session: InferenceSession,
    pool: StoragePool,
    program: Program,
    report: CompileReport,
    writesInPlace: boolean,
  ) {
    this.#session = session;
    this.#pool = pool;
    this.#writesInPlace = writesInPlace;
    this.signature = signatureOf(program);
    this.#outputNames = this.signature.outputs.map(({ name }) => outputName(name));
    this.report = report;
  }

  async run(inputs: readonly Buffer[]): Promise<readonly Buffer[]> {
    const buffers = this.#check(inputs);
    const feeds: Record<string, Tensor> = {};
    for (const [index, { name }] of this.signature.inputs.entries()) feeds[name] = buffers[index]!.tensor;
    const outputs = this.signature.outputs.map(({ type }) => new OnnxBuffer(this.#pool, type));
    try {
      if (this.#writesInPlace) await this.#session.run(feeds, this.#tensorsOf(outputs));
      else copyResults(await this.#session.run(feeds, [...this.#outputNames]), this.#outputNames, outputs);
    } catch (cause) {
      for (const output of outputs) output[Symbol.dispose]();
      throw new AttuneError('E_DEVICE', `ONNX Runtime failed: ${cause instanceof Error ? cause.message : cause}`, {
        cause,
      });
    }
    for (const [index, { donated }] of this.signature.inputs.entries()) {
      if (donated) buffers[index]![Symbol.dispose]();
    }
    return outputs;
  }

  [Symbol.dispose](): void {
    void this.#session.release();
  }

  #tensorsOf(outputs: readonly OnnxBuffer[]): Record<string, Tensor> {
    return Object.fromEntries(this.#outputNames.map((name, index) => [name, outputs[index]!.tensor]));
  }

  #check(inputs: readonly Buffer[]): readonly OnnxBuffer[] {
    const { inputs: expected } = this.signature;
    if (inputs.length !== expected.length) {
      throw new AttuneError('E_SIGNATURE', `The program takes ${expected.length} inputs, got ${inputs.length}.`);
    }
    return inputs.map((input, index) => {
      const { name, type } = expected[index]!;
      if (!(input instanceof OnnxBuffer) || !sameType(input.type, type)) {
        throw new AttuneError('E_SIGNATURE', `Input "${name}" is ${formatType(type)}, got ${formatType(input.type)}.`, {
          field: name,
        });
      }
      return input;
    });
  }
}

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

/** Copies what onnxruntime-web returns into the buffers. */
function copyResults(
  results: InferenceSession.ReturnType,
  names: readonly string[],
  outputs: readonly OnnxBuffer[],
): void {
  for (const [index, name] of names.entries()) {
    const written = results[name]?.data;
    const { data } = outputs[index]!;
    if (!(written instanceof data.constructor) || !ArrayBuffer.isView(written) || written instanceof DataView) {
      throw new TypeError(`the output ${name} has another type`);
    }
    new Uint8Array(data.buffer, data.byteOffset, data.byteLength).set(
      new Uint8Array(written.buffer, written.byteOffset, written.byteLength),
    );
  }
}
