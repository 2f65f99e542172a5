export { type BucketOptions, bucketOf, chooseBuckets } from './buckets.js';
export { type ByteSource, byteSource, type DataFile, textSource } from './byte-source.js';
export type {
  CompletionExample,
  ConversationExample,
  InstructionExample,
  PlainExample,
} from './chat/instruction-example.js';
export {
  InstructionDataset,
  type InstructionOptions,
  instructionRows,
  instructions,
  isInstructions,
} from './chat/instructions.js';
export { requireColumns } from './columns.js';
export { type ConllOptions, conll, isTagged, TaggedDataset, type TaggedExample } from './conll.js';
export { Dataset } from './dataset.js';
export { type EmbedTextsOptions, embedTexts } from './embed-texts.js';
export {
  type EncodedDataset,
  type EncodePlan,
  type EncodingOptions,
  encodeExamples,
  inChunks,
  truncationWarnings,
} from './encode-examples.js';
export { type JsonLinesOptions, type JsonObject, loadExamples, readJsonObjects } from './json-lines.js';
export { LabelMap } from './label-map.js';
export { LabelFault } from './labelled-rows.js';
export { encodeClassification, encodeTexts, type TextEncoder, type TextEncoding } from './labelled-texts.js';
export { type MaskedTokens, type MaskingOptions, type MaskingPlace, maskTokens } from './masking.js';
export { overlapWith } from './overlap.js';
export { type PackedColumns, type PackedRow, packEncodings } from './packing.js';
export {
  type AnswerPlace,
  isQuestions,
  type QuestionColumns,
  QuestionDataset,
  type QuestionExample,
  questionsJsonl,
} from './questions.js';
export { distinctLabels, finishRows, type LoadedRows, namedLabel, RowDataset } from './row-dataset.js';
export { type RowVectors, withRowField } from './row-field.js';
export { type OnBadRow, type ProblemKind, type RowProblem, RowProblems } from './rows.js';
export {
  columnsOfFile,
  delimitedRows,
  jsonLinesRows,
  readDelimited,
  type Table,
  type TableOptions,
  type TableRequest,
  type TableRow,
  type TableRows,
} from './table.js';
export { type TaggedColumns, taggedFile, taggedJsonl } from './tagged-file.js';
export type { TextLimits } from './text.js';
export type { TextColumns, TextExample } from './text-example.js';
export { csv, isTexts, jsonl, rows, TextDataset, type TextFileOptions, textFile } from './text-examples.js';
export { plainTexts, textLines } from './text-lines.js';
export { type TokenVectors, withTokenField } from './token-field.js';
export type { Draw, EncodedExample, LabelField, LabelFields, TokenizedOptions } from './tokenized.js';
export { withReplay } from './with-replay.js';
