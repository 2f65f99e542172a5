/** The loss by step as a line in an SVG, which grows while training goes on. */
export class LossCurve {
  readonly #svg: SVGSVGElement;
  readonly #line: SVGPolylineElement;
  readonly #caption: HTMLElement;
  readonly #losses: { readonly step: number; readonly loss: number }[] = [];
  #steps = 1;

  constructor(svg: SVGSVGElement, line: SVGPolylineElement, caption: HTMLElement) {
    this.#svg = svg;
    this.#line = line;
    this.#caption = caption;
  }

  /** @param steps of the whole run, the width of the drawing */
  begin(steps: number): void {
    this.#steps = steps;
    this.#losses.length = 0;
    this.#draw();
  }

  add(step: number, loss: number): void {
    this.#losses.push({ step, loss });
    this.#draw();
  }

  #draw(): void {
    const { width, height } = this.#svg.viewBox.baseVal;
    const highest = Math.max(...this.#losses.map(({ loss }) => loss), 0.01);
    const points = this.#losses.map(({ step, loss }) => {
      const x = (step / this.#steps) * width;
      return `${x.toFixed(1)},${(height * (1 - (0.95 * loss) / highest)).toFixed(1)}`;
    });
    this.#line.setAttribute('points', points.join(' '));
    const last = this.#losses.at(-1);
    if (last) this.#caption.textContent = `Loss ${last.loss.toFixed(3)} in step ${last.step} of ${this.#steps}.`;
  }
}
