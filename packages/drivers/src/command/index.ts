/**
 * The driver `command`: runs a program that the edge's owner declared in the edge's own file, for any task.
 * Not here: a shell. Arguments are a list, and nothing that a user sends becomes a program's name or a second argument.
 * Begin with driver.ts; arguments.ts fills the placeholders in.
 */
export { command } from './driver.ts';
