import { type Column, formatTable } from './format.ts';

/** Where a command writes: results on the standard output, everything else on the standard error. */
export interface Terminal {
  /** Results are printed as JSON and nothing is drawn. */
  readonly json: boolean;
  /** The standard error is a terminal on which progress may be drawn. */
  readonly live: boolean;
  readonly width: number;
  /** A line of the result. */
  print(line: string): void;
  /** Text of the result without a line's end, as it streams. */
  write(text: string): void;
  /** A line for people beside the result; quiet with --json. */
  note(line: string): void;
  /** The result: as JSON, or as the lines that people read. */
  answer(value: unknown, lines: () => readonly string[]): void;
  table<T>(rows: readonly T[], columns: readonly Column<T>[]): string[];
  readonly paint: Paint;
}

export interface Paint {
  dim(text: string): string;
  bold(text: string): string;
  good(text: string): string;
  bad(text: string): string;
}

type Stream = Pick<NodeJS.WriteStream, 'write'> & { isTTY?: boolean; columns?: number };

/** @param environment NO_COLOR (https://no-color.org) and TERM=dumb switch colours off */
export function createTerminal(
  options: { json?: boolean },
  streams: { out: Stream; err: Stream } = { out: process.stdout, err: process.stderr },
  environment: NodeJS.ProcessEnv = process.env,
): Terminal {
  const json = options.json === true;
  const coloured = streams.out.isTTY === true && !environment.NO_COLOR && environment.TERM !== 'dumb';
  const style = (open: number, close: number) => (text: string) => (coloured ? `\u001b[${open}m${text}\u001b[${close}m` : text);
  const width = streams.out.isTTY ? (streams.out.columns ?? 80) : 10_000;
  const paint = { dim: style(2, 22), bold: style(1, 22), good: style(32, 39), bad: style(31, 39) };
  return {
    json,
    live: streams.err.isTTY === true && !json && environment.TERM !== 'dumb',
    width,
    print: (line) => void streams.out.write(`${line}\n`),
    write: (text) => void streams.out.write(text),
    note: (line) => void (json || streams.err.write(`${line}\n`)),
    answer(value, lines) {
      streams.out.write(
        json
          ? `${JSON.stringify(value, null, 2)}\n`
          : lines()
              .map((line) => `${line}\n`)
              .join(''),
      );
    },
    table(rows, columns) {
      const [head, ...body] = formatTable(rows, columns, width);
      return [paint.dim(head ?? ''), ...body];
    },
    paint,
  };
}
