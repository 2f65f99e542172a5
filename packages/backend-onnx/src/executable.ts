import {
  AttuneError,
  type Buffer,
  type CompileReport,
  type Executable,
  elementCount,
  formatType,
  type Port,
  type Program,
  type Signature,
  sameType,
} from '@attune/ir';
import { OnnxBuffer } from './buffer.js';
import { updatesInPlace } from './in-place.js';
import type { GraphPort, OnnxGraph } from './lowering/graph.js';
import type { InferenceSession, Runtime, Tensor } from './runtime.js';
import { runtimeError } from './runtime-error.js';
import type { StoragePool } from './storage-pool.js';
import { runUnconverted } from './unconverted-results.js';

export interface ExecutableParts {
  readonly runtime: Runtime;
  readonly session: InferenceSession;
  readonly graph: OnnxGraph;
  readonly program: Program;
  readonly pool: StoragePool;
  readonly report: CompileReport;
}

/** A port of the graph: which input or output of the program it is, or a part of which. */
interface Binding {
  readonly name: string;
  readonly index: number;
  readonly start: number | undefined;
  readonly count: number;
}

/** A program as one ONNX Runtime session. Outputs are written in place into pooled memory. */
export class OnnxExecutable implements Executable {
  readonly signature: Signature;
  readonly report: CompileReport;
  readonly #runtime: Runtime;
  readonly #session: InferenceSession;
  readonly #pool: StoragePool;
  readonly #inputs: readonly Binding[];
  readonly #outputs: readonly Binding[];
  /** The inputs that the runtime writes outputs into, by output. */
  readonly #inPlace: ReadonlyMap<number, number>;

  constructor({ runtime, session, graph, program, pool, report }: ExecutableParts) {
    this.#runtime = runtime;
    this.#session = session;
    this.#pool = pool;
    this.#inputs = bindings(graph.inputs, program.inputs);
    this.#outputs = bindings(graph.outputs, program.outputs);
    this.#inPlace = runtime.writesInPlace ? updatesInPlace(program) : new Map();
    this.signature = signatureOf(program);
    this.report = report;
  }

  async run(inputs: readonly Buffer[]): Promise<readonly Buffer[]> {
    const buffers = this.#check(inputs);
    const feeds = tensorsOf(this.#inputs, buffers);
    const written = this.signature.outputs.map(
      ({ type }, output) => this.#overwritten(output, buffers) ?? new OnnxBuffer(this.#pool, type),
    );
    try {
      await this.#execute(feeds, written);
    } catch (cause) {
      for (const buffer of written) if (!buffers.includes(buffer)) buffer[Symbol.dispose]();
      throw runtimeError(cause);
    }
    const outputs = written.map((buffer) => (buffers.includes(buffer) ? buffer.handOver() : buffer));
    for (const [index, { donated }] of this.signature.inputs.entries()) {
      if (donated) buffers[index]![Symbol.dispose]();
    }
    return outputs;
  }

  [Symbol.dispose](): void {
    void this.#session.release();
  }

  /** The input that an output is written into; none where another input is the same buffer. */
  #overwritten(output: number, buffers: readonly OnnxBuffer[]): OnnxBuffer | undefined {
    const buffer = buffers[this.#inPlace.get(output) ?? -1];
    return buffer && buffers.indexOf(buffer) === buffers.lastIndexOf(buffer) ? buffer : undefined;
  }

  async #execute(feeds: Record<string, Tensor>, outputs: readonly OnnxBuffer[]): Promise<void> {
    const { writesInPlace, leavesResults } = this.#runtime;
    if (!writesInPlace) {
      copyResults(
        await this.#session.run(
          feeds,
          this.#outputs.map(({ name }) => name),
        ),
        this.#outputs,
        outputs,
      );
      return;
    }
    const fetches = tensorsOf(this.#outputs, outputs);
    if (!leavesResults) await this.#session.run(feeds, fetches);
    else await runUnconverted(this.#session, feeds, fetches);
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

const bindings = (graph: readonly GraphPort[], program: readonly Port[]): readonly Binding[] =>
  graph.map(({ name, port, start, type }) => ({
    name,
    index: program.findIndex((candidate) => candidate.name === port),
    start,
    count: elementCount(type.shape),
  }));

const tensorsOf = (bound: readonly Binding[], buffers: readonly OnnxBuffer[]): Record<string, Tensor> =>
  Object.fromEntries(bound.map(({ name, index, start, count }) => [name, buffers[index]!.tensor(start, count)]));

/** Copies what onnxruntime-web returns into the buffers. */
function copyResults(
  results: InferenceSession.ReturnType,
  bound: readonly Binding[],
  outputs: readonly OnnxBuffer[],
): void {
  for (const { name, index } of bound) {
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
