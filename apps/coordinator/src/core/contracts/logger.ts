/** What the core needs of a logger; pino's fits. Objects carry run, step and edge ids, never a prompt's text. */
export interface Logger {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}
