/** What the teacher says about texts, kept in files so that it is asked once. */
import { hashName, Predictor } from '@attune/core';
import { encodeTexts, type RowVectors, rows, type TokenVectors } from '@attune/data';
import { inMemory, loadTokenizer, openSafetensors, type Storage, type Tokenizer, writeSafetensors } from '@attune/hub';
import { hostTensor, toHalfBits } from '@attune/ir';
import { loadModel } from '@attune/models';
import { alignedStates, meanState } from './aligned-states.js';
import { type StageContext, TEACHER_LENGTH } from './teacher.js';

export interface Lessons {
  /** The mean of a text's last states at unit length, as sentence-transformers has it. */
  readonly embeddings: RowVectors;
  /** The last states at the student's tokens. */
  readonly states: TokenVectors;
}

export interface LessonPlaces {
  readonly teacher: Storage;
  /** With the student's tokenizer. */
  readonly student: Storage;
  readonly cache: Storage;
}

const TEXTS_PER_FILE = 2048;
const OUTPUT = 'lastHiddenState';

interface Part {
  readonly width: number;
  /** [texts, width]. */
  readonly embeddings: Float32Array;
  readonly counts: Int32Array;
  readonly states: Uint16Array;
}

/** @throws what tokenizers and files throw; the signal's reason */
export async function lessonsOf(
  texts: readonly string[],
  { teacher: files, student, cache }: LessonPlaces,
  { backend, signal, log }: StageContext,
): Promise<Lessons> {
  const model = await loadModel(files, { task: 'feature-extraction' });
  await using predictor = await Predictor.open(model, { backend });
  const width = Number(model.model.config.hidden_size);
  const tokenizers = { teacher: await loadTokenizer(files), student: await loadTokenizer(student) };
  const parts: Part[] = [];
  const key = hashName(texts.join('\n')).toString(16);
  const begin = performance.now();
  for (let start = 0; start < texts.length; start += TEXTS_PER_FILE) {
    const file = `lessons-${key}-${String(start / TEXTS_PER_FILE).padStart(4, '0')}.safetensors`;
    if (!(await cache.exists(file))) {
      const part = texts.slice(start, start + TEXTS_PER_FILE);
      await writePart(cache, file, await makePart(part, { predictor, width, tokenizers, signal }));
    }
    parts.push(await readPart(cache, file));
    const done = Math.min(start + TEXTS_PER_FILE, texts.length);
    log(`teacher: ${done}/${texts.length} texts, ${((performance.now() - begin) / 1000).toFixed(0)} s`);
  }
  const embeddings = new Float32Array(texts.length * width);
  const states = new Uint16Array(parts.reduce((sum, part) => sum + part.states.length, 0));
  let place = 0;
  for (const [number, part] of parts.entries()) {
    embeddings.set(part.embeddings, number * TEXTS_PER_FILE * width);
    states.set(part.states, place);
    place += part.states.length;
  }
  const counts = parts.flatMap((part) => [...part.counts]);
  return {
    embeddings: { width, values: embeddings, fingerprint: key },
    states: { width, counts, values: states, fingerprint: key },
  };
}

interface Classroom {
  readonly predictor: Predictor;
  /** Of the teacher's states. */
  readonly width: number;
  readonly tokenizers: Readonly<Record<'teacher' | 'student', Tokenizer>>;
  readonly signal: AbortSignal;
}

async function makePart(texts: readonly string[], { predictor, width, tokenizers, signal }: Classroom): Promise<Part> {
  // Few lengths, the same ones for all files: each costs a compilation.
  const lengths = { maxLength: TEACHER_LENGTH, multipleOf: 32, signal };
  const { dataset } = await encodeTexts(rows(texts.map((text) => ({ text }))), tokenizers.teacher, lengths);
  const found = await predictor.outputs(dataset, OUTPUT, signal);
  const encode = (tokenizer: Tokenizer, text: string) => tokenizer.encodeText(text, undefined, TEACHER_LENGTH);
  const students = texts.map((text) => encode(tokenizers.student, text));
  const counts = Int32Array.from(students, ({ ids }) => ids.length);
  const embeddings = new Float32Array(texts.length * width);
  const states = new Uint16Array(counts.reduce((sum, count) => sum + count, 0) * width);
  let place = 0;
  for (const [index, text] of texts.entries()) {
    const own = encode(tokenizers.teacher, text);
    embeddings.set(atUnitLength(meanState(found[index]!, width, own.ids.length)), index * width);
    for (const value of alignedStates(found[index]!, width, own, students[index]!)) {
      states[place++] = toHalfBits(value, 'f16');
    }
  }
  return { width, embeddings, counts, states };
}

const atUnitLength = (vector: Float32Array): Float32Array => {
  const length = Math.hypot(...vector);
  return vector.map((value) => value / length);
};

const writePart = (cache: Storage, file: string, { width, embeddings, counts, states }: Part): Promise<void> =>
  writeSafetensors(
    cache,
    file,
    inMemory(
      new Map([
        ['embeddings', hostTensor([counts.length, width], embeddings)],
        ['counts', hostTensor([counts.length], counts, 'i32')],
        ['states', hostTensor([states.length / width, width], states, 'f16')],
      ]),
    ),
  );

async function readPart(cache: Storage, file: string): Promise<Part> {
  const source = await openSafetensors(cache, file);
  const [embeddings, counts, states] = await Promise.all([
    source.read('embeddings'),
    source.read('counts'),
    source.read('states'),
  ]);
  return {
    width: embeddings.type.shape[1]!,
    embeddings: Float32Array.from(embeddings.data),
    counts: Int32Array.from(counts.data),
    states: Uint16Array.from(states.data),
  };
}
