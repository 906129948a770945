/**
 * The command `atelier`: starts and stops the studio, plans and runs chains, and looks after runs, edges, models and tokens.
 * Not here: anything that the API does not offer; every command is a thin shell over packages/client.
 * Begin with program.ts; main.ts is what runs, commands/ has one file a command.
 */
export { createProgram } from './program.ts';
