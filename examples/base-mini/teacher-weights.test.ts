import { loadTokenizer, MemoryStorage, saveBertTokenizer } from '@attune/hub';
import { type HostTensor, hostTensor } from '@attune/ir';
import { expect, it } from 'vitest';
import { teacherPieces, weightsAfterTeacher } from './teacher-weights.js';

const vector = (...values: number[]): HostTensor => hostTensor([values.length], values);
const matrix = (...rows: number[][]): HostTensor => hostTensor([rows.length, rows[0]!.length], rows.flat());
const zeros = (...shape: number[]): HostTensor =>
  hostTensor(shape, new Array(shape.reduce((product, size) => product * size, 1)).fill(0));

it('a student begins at the rows, layers and largest neurons of its teacher', () => {
  const teacher = new Map([
    ['embeddings.word_embeddings.weight', matrix([1, 2], [3, 4], [5, 8])],
    ['embeddings.position_embeddings.weight', matrix([1, 1], [2, 2], [3, 3])],
    ...[0, 1].flatMap((layer): [string, HostTensor][] => [
      [`encoder.layer.${layer}.attention.output.dense.bias`, vector(layer, layer)],
      // The second neuron reads much and writes nothing; the third and the first are the largest.
      [`encoder.layer.${layer}.intermediate.dense.weight`, matrix([1, layer], [9, 9], [2, 2], [0, 1])],
      [`encoder.layer.${layer}.intermediate.dense.bias`, vector(10, 20, 30, 40)],
      [`encoder.layer.${layer}.output.dense.weight`, matrix([1, 0, 1, 1], [1, 0, 2, 0])],
      [`encoder.layer.${layer}.output.dense.bias`, vector(7, 7 + layer)],
    ]),
  ]);
  const student = new Map([
    ['bert.embeddings.word_embeddings.weight', zeros(2, 2)],
    ['bert.embeddings.position_embeddings.weight', zeros(2, 2)],
    ['bert.encoder.layer.0.attention.output.dense.bias', zeros(2)],
    ['bert.encoder.layer.0.intermediate.dense.weight', zeros(2, 2)],
    ['bert.encoder.layer.0.intermediate.dense.bias', zeros(2)],
    ['bert.encoder.layer.0.output.dense.weight', zeros(2, 2)],
    ['bert.encoder.layer.0.output.dense.bias', zeros(2)],
    ['cls.predictions.bias', vector(6, 6)],
  ]);
  const begun = weightsAfterTeacher(student, teacher, { layers: [1], pieces: [[1], [0, 2]] });
  expect([...begun].map(([name, { type, data }]) => [name, type.shape, Array.from(data)])).toEqual([
    ['bert.embeddings.word_embeddings.weight', [2, 2], [3, 4, 3, 5]],
    ['bert.embeddings.position_embeddings.weight', [2, 2], [1, 1, 2, 2]],
    ['bert.encoder.layer.0.attention.output.dense.bias', [2], [1, 1]],
    ['bert.encoder.layer.0.intermediate.dense.weight', [2, 2], [1, 1, 2, 2]],
    ['bert.encoder.layer.0.intermediate.dense.bias', [2], [10, 30]],
    ['bert.encoder.layer.0.output.dense.weight', [2, 2], [1, 1, 1, 2]],
    ['bert.encoder.layer.0.output.dense.bias', [2], [7, 8]],
    ['cls.predictions.bias', [2], [6, 6]],
  ]);
});

it('a piece that the teacher lacks is read in its pieces', async () => {
  const special = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]'];
  const files = async (...pieces: string[]) => {
    const storage = new MemoryStorage('files');
    await saveBertTokenizer(storage, [...special, ...pieces], { maxLength: 64 });
    return storage;
  };
  const teacher = await files('glass', 'un', '##break', '##s');
  const student = await files('unbreak', '##s', 'glass', '##glass');
  const pieces = await teacherPieces(student, teacher, await loadTokenizer(teacher));
  expect(pieces.slice(special.length)).toEqual([[6, 7], [8], [5], [5]]);
  expect(pieces.slice(0, 2)).toEqual([[0], [1]]);
});
