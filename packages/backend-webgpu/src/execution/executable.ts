import {
  AttuneError,
  type Buffer,
  byteLength,
  type CompileReport,
  type Executable,
  formatType,
  type Signature,
  sameType,
  type ValueId,
} from '@attune/ir';
import type { DeviceErrors } from '../device/device-errors.js';
import type { Binding, Kernel } from '../kernels/kernel.js';
import { WebgpuBuffer } from '../memory/buffer.js';
import type { BufferPool } from '../memory/buffer-pool.js';
import { bufferOf, copyMemory, type Memory, partOf, placeAt } from '../memory/memory.js';
import { wholeWords, writeTensor } from '../memory/transfer.js';
import type { Location } from '../schedule/locations.js';
import type { Schedule } from '../schedule/schedule.js';
import { type Bound, Dispatch } from './dispatch.js';
import { ParameterBlock } from './parameter-block.js';
import { StateArenas } from './state-arenas.js';
import type { Timings } from './timings.js';
import type { Tracer } from './tracer.js';

export interface ExecutableParts {
  readonly device: GPUDevice;
  readonly pool: BufferPool;
  readonly errors: DeviceErrors;
  readonly schedule: Schedule;
  readonly pipelines: readonly GPUComputePipeline[];
  readonly signature: Signature;
  readonly report: CompileReport;
  readonly tracer: Tracer | undefined;
}

/** The memory of one run. */
interface RunMemory {
  readonly inputs: readonly Memory[];
  readonly outputs: readonly Memory[];
  readonly slots: readonly Memory[];
  readonly scalars: Memory | undefined;
  readonly arenas: readonly GPUBuffer[];
}

/** What kernels are bound to in runs whose memory lies in the same places. */
interface Bindings {
  readonly places: readonly (GPUBuffer | number)[];
  /** By kernel. */
  readonly groups: readonly GPUBindGroup[];
}

/** Bindings that are kept: those of the two sets of buffers that take turns, and of some batches. */
const KEPT = 8;

/** A program as a list of dispatches, which a run submits at once. */
export class WebgpuExecutable implements Executable {
  readonly signature: Signature;
  readonly report: CompileReport;
  readonly #parts: ExecutableParts;
  readonly #dispatches: readonly Dispatch[];
  readonly #parameters: ParameterBlock;
  readonly #constants: ReadonlyMap<number, Memory>;
  /** The input that each output takes its buffer from, by output. */
  readonly #inPlace: ReadonlyMap<number, number>;
  readonly #arenas: StateArenas;
  readonly #bindings: Bindings[] = [];

  constructor(parts: ExecutableParts) {
    const { device, pool, schedule, pipelines } = parts;
    this.#parts = parts;
    this.signature = parts.signature;
    this.report = parts.report;
    this.#dispatches = schedule.kernels.map((kernel, index) => new Dispatch(device, kernel, pipelines[index]!));
    this.#parameters = new ParameterBlock(device, schedule.program, schedule.kernels);
    this.#constants = uploadConstants(device, pool, schedule);
    this.#inPlace = inPlaceByPort(schedule);
    this.#arenas = new StateArenas(pool, schedule);
  }

  async run(inputs: readonly Buffer[]): Promise<readonly Buffer[]> {
    const { errors, tracer } = this.#parts;
    errors.check();
    const buffers = this.#accept(inputs);
    const timings = tracer?.start();
    const outputs = this.#submit(buffers, timings);
    for (const [index, { donated }] of this.signature.inputs.entries()) {
      if (donated) buffers[index]![Symbol.dispose]();
    }
    try {
      await errors.settle();
      await tracer?.report(timings);
    } catch (error) {
      for (const output of outputs) output[Symbol.dispose]();
      throw error;
    }
    return outputs;
  }

  [Symbol.dispose](): void {
    for (const memory of this.#constants.values()) this.#parts.pool.give(memory);
    this.#parameters.destroy();
  }

  #submit(buffers: readonly WebgpuBuffer[], timings: Timings | undefined): readonly WebgpuBuffer[] {
    const { device, pool, schedule } = this.#parts;
    const encoder = device.createCommandEncoder();
    const inputs = buffers.map(({ memory }) => memory);
    const { buffers: arenas, left } = this.#arenas.gather(encoder, inputs);
    const memory: RunMemory = {
      inputs,
      arenas,
      outputs: this.signature.outputs.map(({ type }, output) => {
        const input = this.#inPlace.get(output);
        if (input === undefined) return pool.take(byteLength(type));
        buffers[input]!.release();
        return inputs[input]!;
      }),
      slots: schedule.slots.map((bytes) => pool.take(bytes)),
      scalars: schedule.scalarWords > 0 ? pool.take(schedule.scalarWords * 4) : undefined,
    };
    this.#parameters.encode(encoder, (input) => inputs[input]!);
    this.#encode(encoder, memory, timings);
    for (const { from, output, bytes } of schedule.copies) {
      const [source, target] = [this.#memoryAt(from, memory), memory.outputs[output]!];
      if (bytes === 0) continue;
      copyMemory(encoder, source, target, wholeWords(bytes));
    }
    device.queue.submit([encoder.finish()]);
    for (const unused of [...left, ...memory.slots]) pool.give(unused);
    if (memory.scalars) pool.give(memory.scalars);
    return this.signature.outputs.map(({ type }, output) => new WebgpuBuffer(pool, type, memory.outputs[output]!));
  }

  #encode(encoder: GPUCommandEncoder, memory: RunMemory, timings: Timings | undefined): void {
    const groups = this.#groupsFor(memory);
    let pass = timings ? undefined : encoder.beginComputePass();
    for (const [number, dispatch] of this.#dispatches.entries()) {
      if (timings) pass = encoder.beginComputePass(timings.passOf(number));
      dispatch.encode(pass!, groups[number]!);
      if (timings) pass!.end();
    }
    if (timings) timings.resolve(encoder);
    else pass!.end();
  }

  #groupsFor(memory: RunMemory): readonly GPUBindGroup[] {
    const places = placesOf(memory);
    const known = this.#bindings.find((kept) => kept.places.every((place, index) => place === places[index]));
    if (known) return known.groups;
    const groups = this.#dispatches.map((dispatch) => {
      const { kernel } = dispatch;
      return dispatch.bind(kernel.bindings.map((binding) => this.#bound(kernel, binding, memory)));
    });
    this.#bindings.unshift({ places, groups });
    this.#bindings.length = Math.min(this.#bindings.length, KEPT);
    return groups;
  }

  #bound(kernel: Kernel, binding: Binding, memory: RunMemory): Bound {
    switch (binding.kind) {
      case 'parameters':
        return this.#parameters.bindingOf(kernel);
      case 'arena':
        return { buffer: memory.arenas[binding.arena]!, size: binding.bytes };
      case 'slot':
        return { buffer: bufferOf(memory.slots[binding.slot]!), size: binding.bytes };
      case 'scalars':
        return { buffer: bufferOf(memory.scalars!), size: memory.scalars!.bytes };
      case 'value':
        return this.#windowOf(binding, memory);
    }
  }

  #windowOf({ value, window }: Extract<Binding, { readonly kind: 'value' }>, memory: RunMemory): Bound {
    const { locations, windowBytes } = this.#parts.schedule;
    const found = this.#memoryAt(locations.get(value)!, memory);
    const start = window * windowBytes;
    return { ...placeAt(found, start), size: Math.min(found.bytes - start, windowBytes) };
  }

  #memoryAt(location: Location, { inputs, outputs, slots, scalars }: RunMemory): Memory {
    switch (location.kind) {
      case 'input':
        return inputs[location.index]!;
      case 'output':
        return outputs[location.index]!;
      case 'constant':
        return this.#constants.get(location.index)!;
      case 'scratch':
        return partOf(slots[location.slot]!, location.offset, location.bytes);
      case 'scalar':
        return partOf(scalars!, location.word * 4, 4);
    }
  }

  #accept(inputs: readonly Buffer[]): readonly WebgpuBuffer[] {
    const { inputs: expected } = this.signature;
    if (inputs.length !== expected.length) {
      throw new AttuneError('E_SIGNATURE', `The program takes ${expected.length} inputs, got ${inputs.length}.`);
    }
    return inputs.map((input, index) => {
      const { name, type, donated } = expected[index]!;
      if (donated && inputs.indexOf(input) !== inputs.lastIndexOf(input)) {
        throw new AttuneError('E_SIGNATURE', `Input "${name}" is donated, and another input is the same buffer.`, {
          field: name,
        });
      }
      if (!(input instanceof WebgpuBuffer) || !input.isOf(this.#parts.pool)) {
        throw new AttuneError('E_SIGNATURE', `Input "${name}" is a buffer of another device.`, { field: name });
      }
      if (!sameType(input.type, type)) {
        throw new AttuneError('E_SIGNATURE', `Input "${name}" is ${formatType(type)}, got ${formatType(input.type)}.`, {
          field: name,
        });
      }
      return input;
    });
  }
}

function placesOf({ inputs, outputs, slots, scalars, arenas }: RunMemory): Bindings['places'] {
  const places: (GPUBuffer | number)[] = [...arenas];
  for (const { segments } of [...inputs, ...outputs, ...slots, ...(scalars ? [scalars] : [])])
    for (const { buffer, offset } of segments) places.push(buffer, offset);
  return places;
}

/** Constants that kernels bind or that are outputs; the others are in the code or among the parameters. */
function uploadConstants(
  device: GPUDevice,
  pool: BufferPool,
  { program, kernels, locations, copies }: Schedule,
): ReadonlyMap<number, Memory> {
  const used = new Set<number>();
  const use = (location: Location | undefined) => {
    if (location?.kind === 'constant') used.add(location.index);
  };
  for (const { bindings } of kernels) {
    for (const binding of bindings) if (binding.kind === 'value') use(locations.get(binding.value));
  }
  for (const { from } of copies) use(from);
  return new Map(
    [...used].map((index) => {
      const { tensor } = program.constants[index]!;
      const memory = pool.take(byteLength(tensor.type));
      writeTensor(device, memory, tensor);
      return [index, memory];
    }),
  );
}

function inPlaceByPort({ program, inPlace }: Schedule): ReadonlyMap<number, number> {
  const indexOf = (ports: Schedule['program']['inputs'], id: ValueId) => ports.findIndex(({ value }) => value === id);
  return new Map(
    [...inPlace].map(([output, input]) => [indexOf(program.outputs, output), indexOf(program.inputs, input)]),
  );
}
