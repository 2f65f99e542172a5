/** For tests: the command on a pseudo terminal of util-linux's `script`, and what a reader sees there afterwards. */
import { spawn } from 'node:child_process';

export interface TerminalRun {
  /** The lines on the screen and above it; a line that the terminal wrapped is one. */
  readonly lines: readonly string[];
  readonly bytes: string;
  readonly code: number | null;
}

/**
 * Runs Node on a terminal of so many columns.
 * @param type sends text to the terminal, such as Ctrl-C, whenever something was printed
 */
export async function onTerminal(
  args: readonly string[],
  {
    columns,
    cwd,
    type,
  }: { columns: number; cwd: string; type?: (printed: string, send: (text: string) => void) => void },
): Promise<TerminalRun> {
  const quoted = [process.execPath, ...args].map((word) => `'${word}'`).join(' ');
  const child = spawn('script', ['-qefc', `stty cols ${columns} rows 24; ${quoted}`, '/dev/null'], {
    cwd,
    env: { ...process.env, TERM: 'xterm', SHELL: '/bin/sh' },
  });
  let bytes = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    bytes += chunk;
    type?.(bytes, (text) => void child.stdin.write(text));
  });
  const code = await new Promise<number | null>((resolve) => child.on('close', resolve));
  return { lines: screenOf(bytes, columns), bytes, code };
}

const CONTROL = '\u001b';

/**
 * What a terminal of so many columns shows after these bytes.
 * @throws for a control sequence that is not known here, of which a reader's terminal may make anything
 */
export function screenOf(bytes: string, columns: number): string[] {
  const rows: { cells: string[]; isWrapped: boolean }[] = [];
  let [row, column] = [0, 0];
  const at = (index: number) => {
    while (rows.length <= index) rows.push({ cells: [], isWrapped: false });
    return rows[index]!;
  };
  for (let index = 0; index < bytes.length; index++) {
    const letter = bytes[index]!;
    if (letter === '\r') column = 0;
    else if (letter === '\n') row += 1;
    else if (letter === CONTROL) index += control(bytes.slice(index + 1));
    else {
      if (column === columns) {
        at(row).isWrapped = true;
        [row, column] = [row + 1, 0];
      }
      at(row).cells[column++] = letter;
    }
  }
  return joined(rows);

  /** Obeys a sequence, and gives its length. */
  function control(rest: string): number {
    const [sequence, parameter = '', command] = /^\[(\d*)([KGm])/.exec(rest) ?? [];
    if (sequence === undefined) throw new Error(`an unknown control sequence: ${JSON.stringify(rest.slice(0, 8))}`);
    const { cells } = at(row);
    if (command === 'G') column = Number(parameter || 1) - 1;
    if (command === 'K' && parameter === '1') cells.fill(' ', 0, column + 1);
    else if (command === 'K') cells.splice(parameter === '2' ? 0 : column);
    return sequence.length;
  }
}

function joined(rows: readonly { readonly cells: readonly string[]; readonly isWrapped: boolean }[]): string[] {
  const lines: string[] = [];
  let open = '';
  for (const { cells, isWrapped } of rows) {
    open += Array.from(cells, (cell) => cell ?? ' ').join('');
    if (isWrapped) continue;
    lines.push(open.trimEnd());
    open = '';
  }
  return open === '' ? lines : [...lines, open];
}
