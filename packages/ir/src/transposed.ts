import { type HostTensor, hostTensor } from './tensor.js';

/** A matrix [rows, width] as [width, rows]. */
export function transposed({ type, data }: HostTensor): HostTensor {
  const [rows, width] = type.shape as [number, number];
  const turned = new Float32Array(data.length);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < width; column++) turned[column * rows + row] = data[row * width + column]!;
  }
  return hostTensor([width, rows], turned);
}
