import { AttuneError, type Buffer, byteLength, formatType, type TensorType } from '@attune/ir';
import type { MemoryLedger } from './memory-ledger.js';
import type { DeviceValue } from './value.js';

/** A tensor of one device. */
export class TfjsBuffer implements Buffer {
  readonly type: TensorType;
  readonly #ledger: MemoryLedger;
  #value: DeviceValue | undefined;

  /** Takes over the value. */
  constructor(ledger: MemoryLedger, type: TensorType, value: DeviceValue) {
    this.type = type;
    this.#ledger = ledger;
    this.#value = value;
    ledger.add(byteLength(type));
  }

  get deleted(): boolean {
    return this.#value === undefined;
  }

  isOf(ledger: MemoryLedger): boolean {
    return this.#ledger === ledger;
  }

  /** @throws AttuneError `E_BUFFER_DELETED` */
  get value(): DeviceValue {
    if (this.#value) return this.#value;
    throw new AttuneError('E_BUFFER_DELETED', `A buffer ${formatType(this.type)} was donated or disposed of.`);
  }

  /** Gives the value away: the buffer is deleted, the value is not. @throws AttuneError `E_BUFFER_DELETED` */
  take(): DeviceValue {
    const value = this.value;
    this.#value = undefined;
    this.#ledger.remove(byteLength(this.type));
    return value;
  }

  [Symbol.dispose](): void {
    if (this.#value) release(this.take());
  }
}

/** Frees a value. What lies on the host is freed by JavaScript. */
export function release({ place, tensor }: DeviceValue): void {
  if (place === 'device') tensor.dispose();
}
