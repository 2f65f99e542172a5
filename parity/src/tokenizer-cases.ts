/** What a golden encoding may hold, and its comparison with ours field by field. */
import type { Encoding, Tokenizer } from '@attune/hub';
import { codePointOffsets } from '@attune/hub/internal';
import { isAttuneError } from '@attune/ir';
import { z } from 'zod';
import type { Comparison } from './parity-case.js';

const numbers = z.array(z.number());
const pairs = z.array(z.tuple([z.number(), z.number()]));
const places = z.array(z.number().nullable());

const encodingFields = {
  ids: numbers.optional(),
  attention_mask: numbers.optional(),
  type_ids: numbers.optional(),
  special_tokens_mask: numbers.optional(),
  tokens: z.array(z.string()).optional(),
  /** In code points. */
  offsets: pairs.optional(),
  offsets_utf16: pairs.optional(),
  word_ids: places.optional(),
  sequence_ids: places.optional(),
};
const encodingSchema = z.looseObject(encodingFields);
type GoldenEncoding = z.infer<typeof encodingSchema>;

export const goldenCaseSchema = z
  .looseObject({
    ...encodingFields,
    text: z.string().optional(),
    a: z.string().optional(),
    b: z.string().optional(),
    truncation: z
      .strictObject({
        max_length: z.int(),
        strategy: z.enum(['longest_first', 'only_first', 'only_second']).optional(),
        stride: z.int().optional(),
        side: z.enum(['left', 'right']).optional(),
      })
      .nullish(),
    ids_without_special: numbers.optional(),
    decoded: z.string().optional(),
    decoded_with_special: z.string().optional(),
    windows: z.array(encodingSchema).optional(),
    /** The library refuses. */
    error: z.string().optional(),
  })
  .refine(({ text, a }) => text !== undefined || a !== undefined, 'has no text');

export const goldenBatchSchema = z.looseObject({
  texts: z.array(z.string()),
  padding_side: z.enum(['left', 'right']).optional(),
  options: z.strictObject({
    padding: z
      .boolean()
      .or(z.enum(['longest', 'max_length']))
      .optional(),
    truncation: z
      .boolean()
      .or(z.enum(['longest_first', 'only_first', 'only_second']))
      .optional(),
    max_length: z.int().optional(),
    pad_to_multiple_of: z.int().optional(),
    add_special_tokens: z.boolean().optional(),
  }),
  input_ids: z.array(numbers),
  attention_mask: z.array(numbers).optional(),
  token_type_ids: z.array(numbers).optional(),
});

const exact = { rtol: 0, atol: 0 };
const short = (text: string) => JSON.stringify(text.length > 40 ? `${text.slice(0, 40)}…` : text);

/** One text or pair, with its windows. */
export async function compareCase(
  tokenizer: Tokenizer,
  golden: z.infer<typeof goldenCaseSchema>,
  comparison: Comparison,
): Promise<void> {
  const { truncation, a, b } = golden;
  const text = golden.text ?? a ?? '';
  const where = `${b === undefined ? short(text) : `${short(text)} + ${short(b)}`}${truncation ? ` ${JSON.stringify(truncation)}` : ''}`;
  const encode = () =>
    tokenizer.encode([{ text, textPair: b }], {
      ...(truncation ? { truncation: truncation.strategy ?? true, maxLength: truncation.max_length } : {}),
      ...(truncation?.stride === undefined ? {} : { stride: truncation.stride }),
      ...(truncation?.side === undefined ? {} : { truncationSide: truncation.side }),
    });
  if (golden.error !== undefined) {
    const refused = await encode().then(
      () => false,
      (error) => isAttuneError(error) && error.code === 'E_TOO_LONG',
    );
    comparison.add(`refusal of ${where}`, [Number(refused)], [1], exact);
    return;
  }
  const [encoding] = await encode();
  const texts = [text, b ?? ''];
  compareEncoding(encoding!, golden, texts, where, comparison);
  if (golden.windows) {
    const windows = [encoding!, ...encoding!.overflowing];
    comparison.add(`windows of ${where}`, [windows.length], [golden.windows.length], exact);
    for (const [index, window] of golden.windows.entries()) {
      const own = windows[index];
      if (own) compareEncoding(own, window, texts, `${where} window ${index}`, comparison);
    }
  }
  if (golden.ids_without_special) {
    const [plain] = await tokenizer.encode([text], { addSpecialTokens: false });
    comparison.add(`plain ids of ${where}`, plain!.ids, golden.ids_without_special, exact);
  }
  const decoded = { decoded: true, decoded_with_special: false };
  for (const [field, skipSpecialTokens] of Object.entries(decoded)) {
    const want = field === 'decoded' ? golden.decoded : golden.decoded_with_special;
    if (want === undefined) continue;
    const got = tokenizer.decode(golden.ids ?? [], { skipSpecialTokens });
    comparison.add(`${field} of ${where}`, [Number(got === want)], [1], exact);
  }
}

/** A padded batch. */
export async function compareBatch(
  tokenizer: Tokenizer,
  { texts, padding_side, options, ...golden }: z.infer<typeof goldenBatchSchema>,
  comparison: Comparison,
): Promise<void> {
  const encodings = await tokenizer.encode(texts, {
    ...(options.padding === undefined ? {} : { padding: options.padding }),
    ...(options.truncation === undefined ? {} : { truncation: options.truncation }),
    ...(options.max_length === undefined ? {} : { maxLength: options.max_length }),
    ...(options.pad_to_multiple_of === undefined ? {} : { padToMultipleOf: options.pad_to_multiple_of }),
    ...(options.add_special_tokens === undefined ? {} : { addSpecialTokens: options.add_special_tokens }),
    ...(padding_side === undefined ? {} : { paddingSide: padding_side }),
  });
  for (const [index, encoding] of encodings.entries()) {
    const where = `${short(texts[index]!)} ${JSON.stringify({ ...options, padding_side })}`;
    comparison.add(`ids of ${where}`, encoding.ids, golden.input_ids[index] ?? [], exact);
    const { attention_mask: mask, token_type_ids: types } = golden;
    if (mask) comparison.add(`attention mask of ${where}`, encoding.attentionMask, mask[index] ?? [], exact);
    if (types) comparison.add(`type ids of ${where}`, encoding.typeIds, types[index] ?? [], exact);
  }
}

function compareEncoding(
  encoding: Encoding,
  golden: GoldenEncoding,
  texts: readonly string[],
  where: string,
  comparison: Comparison,
): void {
  const compare = (name: string, got: readonly number[], want: readonly number[] | undefined) => {
    if (want) comparison.add(`${name} of ${where}`, got, want, exact);
  };
  const place = (values: readonly (number | null)[]) => values.map((value) => value ?? -1);
  compare('ids', encoding.ids, golden.ids);
  compare('attention mask', encoding.attentionMask, golden.attention_mask);
  compare('type ids', encoding.typeIds, golden.type_ids);
  compare('special tokens mask', encoding.specialTokensMask, golden.special_tokens_mask);
  compare('word ids', place(encoding.wordIds), golden.word_ids && place(golden.word_ids));
  compare('sequence ids', place(encoding.sequenceIds), golden.sequence_ids && place(golden.sequence_ids));
  compare('UTF-16 offsets', encoding.offsets.flat(), golden.offsets_utf16?.flat());
  compare('offsets', inCodePoints(encoding, texts).flat(), golden.offsets?.flat());
  if (golden.tokens) {
    const same = JSON.stringify(encoding.tokens) === JSON.stringify(golden.tokens);
    comparison.add(`tokens of ${where}`, [Number(same)], [1], exact);
  }
}

function inCodePoints(encoding: Encoding, texts: readonly string[]) {
  const byText = texts.map((text, sequence) =>
    codePointOffsets(
      text,
      encoding.offsets.map((offsets, index) => (encoding.sequenceIds[index] === sequence ? offsets : [0, 0])),
    ),
  );
  return encoding.sequenceIds.map((sequence, index) => byText[sequence ?? 0]![index]!);
}
