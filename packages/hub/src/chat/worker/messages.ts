/** What a template's worker hears and says. */

/** What one text is written from. */
export type TemplateVariables = Readonly<Record<string, unknown>>;

export interface RenderRequest {
  readonly template: string;
  readonly texts: readonly TemplateVariables[];
  /** Milliseconds since 1970 that `strftime_now` shows; the time of the machine if absent. */
  readonly now?: number | undefined;
  /** UTF-16 units that all texts together may have. */
  readonly units: number;
}

/** A text with the places, in UTF-16 units, of what stands between `{% generation %}` and `{% endgeneration %}`. */
export interface RenderedText {
  readonly text: string;
  readonly generated: readonly (readonly [start: number, end: number])[];
}

/** A text, or why the template refuses to write it. */
export type RenderedOrRefused = RenderedText | { readonly refusal: string };

export type RenderAnswer =
  | { readonly kind: 'ready' }
  | { readonly kind: 'texts'; readonly texts: readonly RenderedOrRefused[] }
  /** The template needs too much; `fault` goes on after its name. */
  | { readonly kind: 'excess'; readonly fault: string }
  /** The template is malformed. */
  | { readonly kind: 'malformed'; readonly problem: string };
