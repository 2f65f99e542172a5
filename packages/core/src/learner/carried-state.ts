/**
 * What a model carries from batch to batch, on the device: for each part of a batch by itself, as those are rows of their own.
 * Batches say whether their rows go on; nothing else resets it.
 */
import { AttuneError, elementCount, type HostTensor, sameType, type TensorType, zeros } from '@attune/ir';
import type { BatchTypes, Model } from '../model.js';
import { carriedInput } from '../port-names.js';
import { stateTypes } from '../trace.js';
import { typesOf } from './batch-types.js';
import type { DeviceTensors } from './device-tensors.js';
import type { StepBatch } from './training-programs.js';

type Tensors = ReadonlyMap<string, HostTensor>;

export class CarriedState {
  readonly #model: Model;
  readonly #tensors: DeviceTensors;
  readonly #owner: string;
  /** Of one part, by the model's names; empty as long as there is no state. */
  #types: BatchTypes = {};
  #parts = 0;
  /** The state of all rows, as long as no batch took it up. */
  #restored: Tensors = new Map();

  /** @param owner tells several states of a model apart */
  constructor(model: Model, tensors: DeviceTensors, owner: string) {
    this.#model = model;
    this.#tensors = tensors;
    this.#owner = owner;
  }

  /**
   * Makes a batch's state ready: zeros if its rows begin, else what the batch before left.
   * @returns the tensors that stand for a program's ports, as `DeviceTensors.run` takes them
   * @throws AttuneError `E_DATA` for rows that go on without a state, or with one of another number of rows
   */
  begin({ tensors, continues = false, part = 0 }: StepBatch): (port: string) => string {
    const types = stateTypes(this.#model, typesOf(tensors));
    if (continues) this.#takeUp(types);
    else if (part === 0) this.clear();
    const names = new Map<string, string>();
    for (const [name, type] of Object.entries(types)) {
      const own = this.#nameOf(name, part);
      if (!continues) this.#tensors.set(own, zeros(type));
      else if (!this.#tensors.has(own) || !sameType(type, this.#types[name]!)) throw withoutState(name);
      names.set(carriedInput(name), own);
    }
    this.#types = types;
    this.#parts = Math.max(this.#parts, part + 1);
    return (port) => names.get(port) ?? port;
  }

  /** Whether a tensor may be a part of it, for some number of rows. */
  mayHold(port: string, type: TensorType): boolean {
    const types = this.#model.state?.({ batch: type.shape[0] ?? 0 }) ?? {};
    return Object.entries(types).some(([name, own]) => carriedInput(name) === port && sameType(own, type));
  }

  /** The types of all that `load` gives, by the names of ports. */
  types(): ReadonlyMap<string, TensorType> {
    if (this.#restored.size > 0) return new Map([...this.#restored].map(([name, { type }]) => [name, type]));
    const ofAllRows = ({ shape, dtype }: TensorType) => ({ shape: shape.with(0, shape[0]! * this.#parts), dtype });
    return new Map(Object.entries(this.#types).map(([name, type]) => [carriedInput(name), ofAllRows(type)]));
  }

  /** The state of all rows, by the name of a port. */
  async load(port: string): Promise<HostTensor> {
    const restored = this.#restored.get(port);
    if (restored) return restored;
    const type = this.types().get(port);
    const name = Object.keys(this.#types).find((each) => carriedInput(each) === port);
    if (!type || name === undefined) throw new AttuneError('E_PROGRAM', `Nothing is carried as "${port}".`);
    const whole = zeros(type);
    let start = 0;
    for (let part = 0; part < this.#parts; part++) {
      const { data } = await this.#tensors.download(this.#nameOf(name, part));
      whole.data.set(data, start);
      start += data.length;
    }
    return whole;
  }

  async save(): Promise<Tensors> {
    const saved = new Map<string, HostTensor>();
    for (const port of this.types().keys()) saved.set(port, await this.load(port));
    return saved;
  }

  /** Goes to what `save` gave. */
  restore(saved: Tensors): void {
    this.clear();
    this.#restored = saved;
  }

  clear(): void {
    for (const name of Object.keys(this.#types))
      for (let part = 0; part < this.#parts; part++) this.#tensors.delete(this.#nameOf(name, part));
    this.#types = {};
    this.#parts = 0;
    this.#restored = new Map();
  }

  /** Gives what was restored to the parts, whose number may be another than when it was saved. */
  #takeUp(types: BatchTypes): void {
    const restored = this.#restored;
    if (restored.size === 0) return;
    this.clear();
    for (const [name, type] of Object.entries(types)) {
      const { data, type: whole } = restored.get(carriedInput(name)) ?? zeros({ ...type, shape: [0] });
      const parts = whole.shape[0]! / type.shape[0]!;
      const count = elementCount(type.shape);
      if (!Number.isInteger(parts)) throw withoutState(name);
      for (let part = 0; part < parts; part++)
        this.#tensors.set(this.#nameOf(name, part), { type, data: data.slice(part * count, (part + 1) * count) });
      this.#parts = parts;
    }
    this.#types = types;
  }

  #nameOf = (name: string, part: number): string => `${carriedInput(name)}/${this.#owner}/${part}`;
}

const withoutState = (name: string): AttuneError =>
  new AttuneError('E_DATA', `The rows of a batch go on, but no batch before left their "${name}".`, {
    field: name,
    hint: 'Train the batches of a stream in their order, each with as many rows.',
  });
