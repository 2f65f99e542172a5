/** Stage 2: where the weights of the student begin. */
import { readText, type Storage, type Tokenizer } from '@attune/hub';
import { type HostTensor, hostTensor } from '@attune/ir';

type Weights = ReadonlyMap<string, HostTensor>;

export interface Inheritance {
  /** The teacher's layer for each of the student's. */
  readonly layers: readonly number[];
  /** The rows of the teacher's word embeddings for each of the student's. */
  readonly pieces: readonly (readonly number[])[];
}

/**
 * The student's weights, begun at those of a teacher of its width (as DistilBERT: Sanh et al. 2019, arXiv 1910.01108). A word
 * embedding is the teacher's, or the mean over the pieces that the teacher has in its place; positions are the first ones;
 * a layer is one of the teacher's, of its feed-forward neurons those whose weights are largest. What the teacher lacks stays.
 * @param student with names of `BertForMaskedLM`
 * @param teacher with names of `BertModel`
 */
export function weightsAfterTeacher(student: Weights, teacher: Weights, { layers, pieces }: Inheritance): Weights {
  const neurons = layers.map((layer, index) => {
    const count = student.get(`bert.encoder.layer.${index}.intermediate.dense.bias`)!.data.length;
    return largestNeurons(teacher, layer, count);
  });
  const begin = (name: string, tensor: HostTensor): HostTensor => {
    const { index, source } = sourceOf(name, layers);
    const given = teacher.get(source);
    if (!given) return tensor;
    if (source.endsWith('word_embeddings.weight')) return meansOfRows(given, pieces);
    if (source.endsWith('position_embeddings.weight')) return takeRows(given, [...Array(tensor.type.shape[0]!).keys()]);
    if (/layer\.\d+\.intermediate\./.test(source)) return takeRows(given, neurons[index!]!);
    if (/layer\.\d+\.output\.dense\.weight$/.test(source)) return takeColumns(given, neurons[index!]!);
    return given;
  };
  return new Map([...student].map(([name, tensor]) => [name, begin(name, tensor)]));
}

/** The teacher's name for a weight of the student, and the student's layer that it is in. */
function sourceOf(name: string, layers: readonly number[]): { readonly index?: number; readonly source: string } {
  const [, number, rest] = /^bert\.encoder\.layer\.(\d+)\.(.*)$/.exec(name) ?? [];
  if (number === undefined) return { source: name.replace(/^bert\./, '') };
  return { index: Number(number), source: `encoder.layer.${layers[Number(number)]}.${rest}` };
}

/** In their order, the neurons with the largest product of the norms of what they read with and what they write. */
function largestNeurons(teacher: Weights, layer: number, count: number): readonly number[] {
  const reads = teacher.get(`encoder.layer.${layer}.intermediate.dense.weight`)!;
  const writes = teacher.get(`encoder.layer.${layer}.output.dense.weight`)!;
  const [neurons, width] = reads.type.shape;
  const sizes = Array.from({ length: neurons! }, (_, neuron) => {
    let [read, write] = [0, 0];
    for (let column = 0; column < width!; column++) {
      read += Number(reads.data[neuron * width! + column]) ** 2;
      write += Number(writes.data[column * neurons! + neuron]) ** 2;
    }
    return { neuron, size: read * write };
  });
  return sizes
    .sort((one, other) => other.size - one.size)
    .slice(0, count)
    .map(({ neuron }) => neuron)
    .sort((one, other) => one - other);
}

/** Works on matrices and, as rows of one value, on vectors. */
function takeRows({ type, data }: HostTensor, rows: readonly number[]): HostTensor {
  const width = type.shape[1] ?? 1;
  const values = rows.flatMap((row) => Array.from(data.subarray(row * width, (row + 1) * width)));
  return hostTensor([rows.length, ...type.shape.slice(1)], values);
}

function takeColumns({ type, data }: HostTensor, columns: readonly number[]): HostTensor {
  const [rows, width] = type.shape;
  const values = Array.from({ length: rows! }, (_, row) => columns.map((column) => data[row * width! + column]!));
  return hostTensor([rows!, columns.length], values.flat());
}

function meansOfRows({ type, data }: HostTensor, groups: readonly (readonly number[])[]): HostTensor {
  const width = type.shape[1]!;
  const values = new Float32Array(groups.length * width);
  for (const [index, rows] of groups.entries()) {
    const mean = values.subarray(index * width, (index + 1) * width);
    for (const row of rows) for (let column = 0; column < width; column++) mean[column]! += data[row * width + column]!;
    for (let column = 0; column < width; column++) mean[column]! /= rows.length;
  }
  return hostTensor([groups.length, width], values);
}

/** For each piece of the student the teacher's piece, or the pieces that the teacher reads its text in. */
export async function teacherPieces(
  student: Storage,
  teacher: Storage,
  tokenizer: Tokenizer,
): Promise<readonly (readonly number[])[]> {
  const rowOf = new Map((await vocabulary(teacher)).map((piece, row) => [piece, row]));
  return (await vocabulary(student)).map((piece) => {
    const row = rowOf.get(piece);
    return row === undefined ? piecesOf(piece.replace(/^##/, ''), tokenizer) : [row];
  });
}

/** Without the special tokens around them. */
const piecesOf = (text: string, tokenizer: Tokenizer): readonly number[] =>
  tokenizer.encodeText(text, undefined, 64).ids.slice(1, -1);

const vocabulary = async (files: Storage): Promise<readonly string[]> =>
  (await readText(files, 'vocab.txt')).trimEnd().split('\n');
