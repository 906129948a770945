import { AtelierError } from '@atelier/protocol';

/** What the placeholders of an argument stand for. */
export interface PlaceholderValues {
  /** Paths of input files by port; a port with several has one after the other. */
  readonly input: Readonly<Record<string, readonly string[]>>;
  /** Texts of input files by port, read only where asked for. */
  readonly text: (port: string) => string;
  /** Paths to be written, by port. */
  readonly output: Readonly<Record<string, string>>;
  readonly parameters: Readonly<Record<string, unknown>>;
}

const placeholder = /\{(input|text|output|parameters)\.([\w-]+)\}/g;

/**
 * Fills placeholders in: `{input.image}` and `{output.image}` are paths, `{text.prompt}` is an input's text, `{parameters.steps}` a value.
 * One argument stays one argument, whatever the values hold; but an argument that is only `{input.port}` becomes one for each file.
 * An optional input or parameter that is not given leaves its argument out.
 * @throws AtelierError `invalid-input` for a placeholder that names nothing
 */
export function fillArguments(args: readonly string[], values: PlaceholderValues): string[] {
  return args.flatMap((argument) => {
    const whole = /^\{input\.([\w-]+)\}$/.exec(argument)?.[1];
    if (whole !== undefined) return [...(values.input[whole] ?? [])];
    let isLeftOut = false;
    const filled = argument.replaceAll(placeholder, (_, kind: string, name: string) => {
      const value = lookUp(kind, name, values);
      if (value === undefined) isLeftOut = true;
      return value ?? '';
    });
    return isLeftOut ? [] : [filled];
  });
}

function lookUp(kind: string, name: string, values: PlaceholderValues): string | undefined {
  switch (kind) {
    case 'input':
      return values.input[name]?.[0];
    case 'text':
      return values.input[name] === undefined ? undefined : values.text(name);
    case 'output': {
      const path = values.output[name];
      if (path !== undefined) return path;
      throw new AtelierError('invalid-input', `The command asks for {output.${name}}, which is not declared in options.outputs.`);
    }
    default: {
      const value = values.parameters[name];
      return value === undefined ? undefined : typeof value === 'object' ? JSON.stringify(value) : String(value);
    }
  }
}
