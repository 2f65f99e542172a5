/** Virtual tokens in front of each text: rows behind the word embeddings that no text has. */
import { type BatchShape, CACHE_POSITION, type Model, namedValue, type Values } from '@attune/core';
import { describeModel, traceForward } from '@attune/core/internal';
import { AttuneError, add, broadcast, concat, hostTensor, sliceAxis, type Value } from '@attune/ir';
import type { Prompt } from './adapters/define-prompt.js';

/** What a field of tokens holds at a virtual one: any id, since its row is replaced. */
const virtual: Readonly<Record<string, number>> = { inputIds: 0, attentionMask: 1, tokenTypeIds: 0 };

/** So many tokens in front of what a model reads. @throws AttuneError `E_STRATEGY` for a model that cannot */
export function inFrontOfText(model: Model, count: number): Prompt {
  requireReadable(model);
  const { path, width } = wordEmbeddings(model);
  const perToken = tokenOutputs(model);
  return {
    width,
    targets: [path],
    rewrite: (prompt) => (call) => {
      if (call.kind !== 'embedding' || call.scope.path !== path) return undefined;
      if (goesOn(call.input)) return undefined;
      const rows = call.base(call.input);
      const [batch, tokens] = rows.type.shape as [number, number];
      const front = broadcast(prompt(call.scope), [batch, count, width], [1, 2]);
      return concat([front, sliceAxis(rows, 1, count, tokens)], 1);
    },
    wrap: (inner) => withVirtualTokens(inner, count, perToken),
  };
}

/** Whether a pass adds one token to a cache: those in front, virtual ones among them, are in the cache. */
const goesOn = (inputIds: Value): boolean => inputIds.type.shape[1] === 1;

function withVirtualTokens(inner: Model, count: number, perToken: ReadonlySet<string>): Model {
  return {
    ...inner,
    maxPositions: inner.maxPositions - count,
    optionalInputs: [],
    ...(inner.cache
      ? {
          predictsFirstToken: true,
          cache: ({ batch, tokens }: BatchShape) => inner.cache?.({ batch, tokens: tokens + count }) ?? {},
        }
      : {}),
    forward(scope, inputs) {
      const isWriting = CACHE_POSITION in inputs;
      if (isWriting && goesOn(namedValue(inputs, 'inputIds'))) return inner.forward(scope, goingOn(inputs, count));
      const outputs = inner.forward(scope, widened(inputs, count));
      const own = (name: string, value: Value) =>
        perToken.has(name) ? sliceAxis(value, 1, count, value.type.shape[1]!) : value;
      const ofText = Object.fromEntries(Object.entries(outputs).map(([name, value]) => [name, own(name, value)]));
      if (!inner.cache || isWriting || !outputs.logits) return ofText;
      return { ...ofText, logitsBefore: sliceAxis(outputs.logits, 1, count - 1, count) };
    },
  };
}

/** The fields of tokens with places for the virtual ones in front of each row. */
const widened = (inputs: Values, count: number): Values =>
  Object.fromEntries(Object.entries(inputs).map(([name, value]) => [name, inFront(name, value, count)]));

/** A later token of a text that is written: the places of the virtual ones come before it. */
const goingOn = (inputs: Values, count: number): Values => ({
  ...inputs,
  attentionMask: inFront('attentionMask', namedValue(inputs, 'attentionMask'), count),
  [CACHE_POSITION]: add(namedValue(inputs, CACHE_POSITION), count),
});

function inFront(name: string, value: Value, count: number): Value {
  const filling = virtual[name];
  if (filling === undefined) return value;
  const { shape, dtype } = value.type;
  const front = hostTensor([shape[0]!, count], new Int32Array(shape[0]! * count).fill(filling), dtype);
  return concat([value.builder.constant(front), value], 1);
}

/** @throws AttuneError `E_STRATEGY` for fields that say something about places in the row, and for recurrent models */
function requireReadable(model: Model): void {
  const strange = Object.keys(model.inputs({ batch: 1, tokens: 2 })).find((name) => !(name in virtual));
  if (strange === undefined && !model.state) return;
  const reads = strange === undefined ? 'reads texts piece by piece' : `reads ${strange}`;
  throw new AttuneError('E_STRATEGY', `Prompt tuning does not fit this ${model.architecture}, which ${reads}.`, {
    field: 'strategy',
    hint: 'Use prefix-tuning.',
  });
}

/** As PEFT finds them: the first embedding with a row for each token of the vocabulary. */
function wordEmbeddings(model: Model): { readonly path: string; readonly width: number } {
  const found = describeModel(model).layers.find(
    ({ kind, shape }) => kind === 'embedding' && shape[0] === model.config.vocab_size,
  );
  if (found) return { path: found.path, width: found.shape[1]! };
  throw new AttuneError('E_STRATEGY', `This ${model.architecture} has no embedding of its vocabulary.`, {
    field: 'strategy',
  });
}

/** The outputs that have a value for each token: their second axis grows with the batch's. */
function tokenOutputs(model: Model): ReadonlySet<string> {
  const [two, three] = [2, 3].map((tokens) => {
    const { program } = traceForward({ model, batch: model.inputs({ batch: 1, tokens }) });
    return new Map(program.outputs.map(({ name, value }) => [name, program.types[value]?.shape[1]]));
  });
  return new Set([...two!].filter(([name, size]) => size === 2 && three!.get(name) === 3).map(([name]) => name));
}
