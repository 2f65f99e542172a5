/**
 * A bar in the last line of the terminal. Whatever is printed meanwhile, by whomever, takes the bar away first and stands
 * where lines stand: nothing is printed over, and no setting of the terminal is changed that a kill would leave behind.
 */
// A CommonJS module: Node finds its names in the default export only.
import cliProgress from 'cli-progress';

export interface StatusBar {
  update(value: number, payload?: Readonly<Record<string, string>>): void;
  stop(): void;
}

/** Room for what stands beside the bar itself. */
const TEXT_COLUMNS = 60;

let current: StatusBar | undefined;

/** Takes away the bar that is shown, as when the work that it shows has failed. */
export const stopBar = (): void => current?.stop();

/**
 * Shows a bar on standard error, in place of the one that is shown.
 * @param format as cli-progress has it: `{bar} {value}/{total}` and fields of the payload
 */
export function startBar(
  format: string,
  total: number,
  value: number,
  payload: Readonly<Record<string, string>> = {},
): StatusBar {
  stopBar();
  const line = takeLastLine();
  const bar = new cliProgress.SingleBar({
    format: (options, params, fields) => {
      const columns = process.stderr.columns || 80;
      const barsize = Math.max(0, Math.min(40, columns - TEXT_COLUMNS));
      const text = cliProgress.Format.Formatter({ ...options, format, barsize }, params, fields);
      return text.trimStart().slice(0, columns - 1);
    },
    stream: line.stream,
    linewrap: true,
    gracefulExit: false,
    clearOnComplete: true,
    forceRedraw: true,
    etaBuffer: 50,
  });
  const started: StatusBar = {
    update: (done, fields) => bar.update(done, fields),
    stop() {
      if (current !== started) return;
      current = undefined;
      process.off('exit', started.stop);
      bar.stop();
      line.giveBack();
    },
  };
  current = started;
  process.on('exit', started.stop);
  bar.start(total, value, payload);
  return started;
}

/** cli-progress saves the cursor's place when a bar starts and returns to it at the end: over the lines printed since. */
const saveAndRestore: readonly string[] = ['\u001b7', '\u001b8'];
const CLEAR = '\r\u001b[K';

/** Has every other writer of the terminal clear the last line first. */
function takeLastLine(): { readonly stream: NodeJS.WriteStream; readonly giveBack: () => void } {
  const { stderr } = process;
  const draw = stderr.write.bind(stderr);
  let isDrawn = false;
  /** Whether the cursor is at the start of a line of its own. */
  let isFree = true;
  const guards = [process.stdout, stderr]
    .filter(({ isTTY }) => isTTY)
    .map((stream) => {
      const original = stream.write;
      stream.write = (chunk: string | Uint8Array, ...rest: unknown[]): boolean => {
        if (isDrawn) draw(CLEAR);
        isDrawn = false;
        if (chunk.length > 0) isFree = chunk.at(-1) === '\n' || chunk.at(-1) === 10;
        return Reflect.apply(original, stream, [chunk, ...rest]);
      };
      return () => {
        stream.write = original;
      };
    });
  const write = (chunk: string): boolean => {
    if (!isFree || saveAndRestore.includes(chunk)) return true;
    isDrawn = true;
    return draw(chunk);
  };
  return {
    stream: Object.create(stderr, { write: { value: write } }),
    giveBack: () => {
      for (const giveBack of guards) giveBack();
    },
  };
}
