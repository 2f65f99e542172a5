/** One encoded text or pair: what a model takes, and where its tokens come from. */
import { trimOffsets } from './byte-level.js';
import type { Padding } from './padding.js';
import type { Template, TemplatePiece } from './template.js';
import type { TokenRange } from './truncation.js';

/** The tokens of one text without special ones, column by column. */
export interface TextTokens {
  readonly text: string;
  readonly ids: readonly number[];
  /** In place of the type id of the text's place in the template. */
  readonly typeIds?: readonly number[];
  readonly tokens: readonly string[];
  /** UTF-16 units of the text. */
  readonly starts: readonly number[];
  readonly ends: readonly number[];
  /** Index of the word or added token that the token is part of. */
  readonly words: readonly number[];
}

/** Start and end of a token in its text, in UTF-16 units as `String.slice` takes them; [0, 0] for special tokens. */
export type Offsets = readonly [start: number, end: number];

export interface EncodingSource {
  readonly pieces: readonly TemplatePiece[];
  readonly texts: readonly TextTokens[];
  /** What stays of each text. */
  readonly ranges: readonly TokenRange[];
  readonly trimOffsets: Template['trimOffsets'];
  readonly truncated: boolean;
  /** Whether the last token stands first; padding stays at its side. */
  readonly isBackwards: boolean;
  /** The other windows over the same texts. */
  readonly overflowing: () => readonly Encoding[];
  readonly padding?: Padding | undefined;
}

type Column<T> = {
  readonly special: (piece: SpecialPiece) => T;
  readonly text: (at: TokenPlace) => T;
  readonly padding: T;
};
type SpecialPiece = Extract<TemplatePiece, { kind: 'special' }>;

interface TokenPlace {
  readonly tokens: TextTokens;
  readonly index: number;
  readonly sequence: 0 | 1;
  readonly typeId: number;
}

/** All columns have one entry per token. Those beside ids and type ids are made when they are asked for. */
export class Encoding {
  readonly ids: readonly number[];
  readonly typeIds: readonly number[];
  readonly truncated: boolean;
  readonly #source: EncodingSource;

  constructor(source: EncodingSource) {
    this.#source = source;
    const padding = source.padding;
    this.ids = this.#column({
      special: ({ id }) => id,
      text: ({ tokens, index }) => tokens.ids[index]!,
      padding: padding?.id ?? 0,
    });
    this.typeIds = this.#column({
      special: ({ typeId }) => typeId,
      text: ({ tokens, index, typeId }) => tokens.typeIds?.[index] ?? typeId,
      padding: padding?.typeId ?? 0,
    });
    this.truncated = source.truncated;
  }

  /** 1 for tokens, 0 for padding. */
  get attentionMask(): readonly number[] {
    return this.#column({ special: () => 1, text: () => 1, padding: 0 });
  }

  /** 1 for the special tokens that were put around the texts and for padding. */
  get specialTokensMask(): readonly number[] {
    return this.#column({ special: () => 1, text: () => 0, padding: 1 });
  }

  get tokens(): readonly string[] {
    return this.#column({
      special: ({ token }) => token,
      text: ({ tokens, index }) => tokens.tokens[index]!,
      padding: this.#source.padding?.token ?? '',
    });
  }

  get offsets(): readonly Offsets[] {
    const trim = this.#source.trimOffsets;
    const none: Offsets = [0, 0];
    return this.#column<Offsets>({
      special: () => none,
      text: ({ tokens, index }) => {
        const [start, end] = [tokens.starts[index]!, tokens.ends[index]!];
        return trim ? trimOffsets(tokens.text, tokens.tokens[index]!, [start, end], trim.prefixed) : [start, end];
      },
      padding: none,
    });
  }

  /** Index of the word in its text; null for special tokens and padding. */
  get wordIds(): readonly (number | null)[] {
    return this.#column<number | null>({
      special: () => null,
      text: ({ tokens, index }) => tokens.words[index]!,
      padding: null,
    });
  }

  /** 0 for the first text, 1 for the second, null for special tokens and padding. */
  get sequenceIds(): readonly (number | null)[] {
    return this.#column<number | null>({ special: () => null, text: ({ sequence }) => sequence, padding: null });
  }

  /** The windows after the first over texts that were truncated. */
  get overflowing(): readonly Encoding[] {
    const { padding } = this.#source;
    const windows = this.#source.overflowing();
    return padding ? windows.map((window) => window.padded(padding)) : windows;
  }

  /** With padding up to a length; unchanged where it is that long. */
  padded(padding: Padding): Encoding {
    return new Encoding({ ...this.#source, padding });
  }

  #column<T>({ special, text, padding }: Column<T>): T[] {
    const { pieces, texts, ranges, isBackwards } = this.#source;
    const column: T[] = [];
    for (const piece of pieces) {
      if (piece.kind === 'special') {
        column.push(special(piece));
        continue;
      }
      const { sequence, typeId } = piece;
      const tokens = texts[sequence]!;
      const { start, end } = ranges[sequence]!;
      for (let index = start; index < end; index++) column.push(text({ tokens, index, sequence, typeId }));
    }
    if (isBackwards) column.reverse();
    const fill = this.#source.padding;
    if (!fill || column.length >= fill.length) return column;
    const filler = new Array<T>(fill.length - column.length).fill(padding);
    return fill.side === 'right' ? [...column, ...filler] : [...filler, ...column];
  }
}

/** Offsets in Unicode code points, as Python counts, of offsets in UTF-16 units of the same text. */
export function codePointOffsets(text: string, offsets: readonly Offsets[]): readonly Offsets[] {
  const points = new Int32Array(text.length + 1);
  for (let unit = 0, point = 0; unit < text.length; unit++) {
    points[unit] = point;
    const isFirstOfPair = text.codePointAt(unit)! > 0xffff;
    if (!isFirstOfPair) point++;
    points[unit + 1] = point;
  }
  return offsets.map(([start, end]) => [points[start]!, points[end]!]);
}
